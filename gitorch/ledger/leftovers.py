"""What a ledger that is gone leaves behind: evidence that there was one, and its commits, which git keeps for a while.

Without the branch and without the folder beside it, only these can tell a lost ledger from one that never existed.
"""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, GitorchError
from gitorch.ledger import location
from gitorch.ledger.files import read
from gitorch.ledger.replay import Replay
from gitorch.ledger.run_cache import RunCache
from gitorch.ledger.streams import ended
from gitorch.ledger.verified import read_verified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.ledger.replay import Evolve, Head
    from gitorch.model.ids import CommitId
    from gitorch.ports.ledger import History

CANDIDATES_MAX = 50
"""Commits that are tried as the end of the ledger, the highest numbers first: a forged number costs one try."""

_WORK_BRANCH = re.compile("refs/heads/(gitorch/[^/]+/[^/]+)")
_FETCHED_LEDGER = re.compile("refs/gitorch/remotes/.+/gitorch/ledger")
_TRACKED_LEDGER = re.compile("refs/remotes/.+/gitorch/ledger")
_SEQ = re.compile(rb"\nGitorch-Seq: ([0-9]{1,18})\n")
_HEAD_OF_WORKTREE = "ref: refs/heads/gitorch/"
_PUSHED = "update by push"
"""What git writes into the log of a remote-tracking branch that a push of this clone moved, and a fetch did not."""


def evidence(refs: Iterable[str], common: Path) -> str:
    """What shows that this clone, with these refs, had a ledger, as the subject of a clause; empty where nothing does.

    A remote-tracking branch alone shows nothing: every clone of a shared ledger has one. Raises OSError.
    """
    for name in refs:
        found = _evidence_of_ref(common, name)
        if found:
            return found

    if (common / "logs" / location.REF).is_file():
        return "the log of its branch"
    if (common / "gitorch" / "cache" / "board.json").is_file():
        return "its cache"
    return _worktree(common)


def _evidence_of_ref(common: Path, name: str) -> str:
    """What this ref shows; empty for the usual one."""
    work = _WORK_BRANCH.fullmatch(name)
    if work is not None:
        return f"the branch {work[1]}"
    if _FETCHED_LEDGER.fullmatch(name):
        return f"the ref {name}"
    if _TRACKED_LEDGER.fullmatch(name) and _PUSHED in _text(common / "logs" / name):
        return f"a push to {name.removeprefix('refs/remotes/')}"
    return ""


def _worktree(common: Path) -> str:
    """The worktree of a job; empty without one."""
    for head in sorted(common.glob("worktrees/*/HEAD")):
        if _text(head).startswith(_HEAD_OF_WORKTREE):
            return f"the worktree {head.parent.name}"
    return ""


def _text(path: Path) -> str:
    """The text of a regular file; empty for any other."""
    if not path.is_file():
        return ""
    return read(path, "replace")


def tracking_remote(refs: Iterable[str]) -> str:
    """The remote whose ledger a clone with these refs has fetched as an ordinary branch; empty without any."""
    for name in refs:
        if _TRACKED_LEDGER.fullmatch(name):
            return name.removeprefix("refs/remotes/").removesuffix("/gitorch/ledger")
    return ""


def newest_tip(history: History, evolve: Evolve, seq_min: int = 0) -> CommitId | None:
    """The end of the longest legal ledger among all commits that git still has, also those that no ref names.

    None where no ledger reaches the record `seq_min`. Reads every commit: 2 s for 200,000. Raises Unavailable.
    """
    numbered: list[tuple[int, CommitId]] = []
    for identity, body in history.commits():
        found = _SEQ.search(body)
        if found is not None and int(found[1]) >= seq_min:
            numbered.append((int(found[1]), identity))

    numbered.sort(reverse=True)
    for _, identity in numbered[:CANDIDATES_MAX]:
        if whole_ledger(history, identity, evolve) is not None:
            return identity
    return None


def whole_ledger(history: History, tip: CommitId, evolve: Evolve) -> Head | None:
    """The last record of the ledger that ends with this commit; None where an object, a commit or a record does not hold."""
    try:
        read_verified(history, tip, evolve, None)
    except Corrupt:
        return None

    head = intact_part(history, tip, evolve)
    if head.commit != tip:
        return None
    return head


def intact_part(history: History, tip: CommitId, evolve: Evolve) -> Head:
    """The newest commit of a history up to which every commit continues the ledger; `NOTHING` where not even the first does."""
    with tempfile.TemporaryDirectory(prefix="gitorch-damage-") as folder:
        replay = Replay(RunCache(Path(folder), "damage"))
        with suppress(GitorchError), ended(history.stream(tip)) as commits:
            for commit in commits:
                replay.apply(commit, evolve)

    return replay.head
