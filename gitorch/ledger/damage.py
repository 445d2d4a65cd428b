"""A ledger that is lost or damaged: the error says what is wrong, and its hint is the command that brings it back.

This clone can bring a lost branch back itself as long as git still has the trusted tip's commit; everything else has to come
from a remote or another clone.
"""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, GitorchError
from gitorch.ledger import location
from gitorch.ledger.replay import Replay
from gitorch.ledger.run_cache import RunCache

if TYPE_CHECKING:
    from gitorch.ledger.replay import Evolve, Head
    from gitorch.ledger.trusted_tip import TrustedTip
    from gitorch.model.ids import CommitId
    from gitorch.ports.ledger import History

_OBJECT_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")

OTHER_CLONE = "PATH-OF-ANOTHER-CLONE"
"""What a hint names where no remote is configured."""


def lost(history: History, common: Path, trusted: TrustedTip) -> Corrupt:
    """The error for a branch that does not hold the trusted tip any more, or is not there at all."""
    message = (
        f"The ledger was removed, shortened or replaced: record {trusted.seq}, commit {trusted.commit}, is missing."
    )
    if _has(history, trusted.commit):
        hint = f"git update-ref {location.REF} {trusted.commit}"
    else:
        hint = f"git fetch {_source(common)} +{location.REF}:{location.REF}"

    return Corrupt(message, hint, trusted.commit)


def with_remedy(common: Path, error: Corrupt) -> Corrupt:
    """The error for an object that is missing, damaged or replaced, with the command that fetches it again."""
    hint = f"git fetch --refetch {_source(common)} {location.REF}"
    if _OBJECT_ID.fullmatch(error.where):
        loose = common / "objects" / error.where[:2] / error.where[2:]
        if loose.exists():
            hint = f"rm -f {loose} && {hint}"  # git would keep the file and refuse the object of the same name
    return Corrupt(error.message, hint, error.where)


def is_of_object(error: Corrupt) -> bool:
    """Whether one object is missing, damaged or replaced, so that the records after it are worth keeping."""
    return error.message.startswith("Object ") or not error.where


def intact_part(history: History, tip: CommitId, evolve: Evolve) -> Head:
    """The newest commit of a history up to which every commit continues the ledger; `NOTHING` where not even the first does."""
    with tempfile.TemporaryDirectory(prefix="gitorch-damage-") as folder:
        replay = Replay(RunCache(Path(folder), "damage"))
        with suppress(GitorchError):
            for commit in history.stream(tip):
                replay.apply(commit, evolve)

    return replay.head


def with_new_ref(common: Path, error: Corrupt, trusted: TrustedTip | None) -> Corrupt:
    """The error for a ref that names no commit, with the command that writes it anew."""
    remove = f"rm -f {common / location.REF}"  # git refuses to move a ref that it cannot read
    if trusted is None:
        return Corrupt(
            error.message, f"{remove} && git fetch {_source(common)} +{location.REF}:{location.REF}", error.where
        )
    return Corrupt(error.message, f"{remove} && git update-ref {location.REF} {trusted.commit}", error.where)


def _has(history: History, identity: str) -> bool:
    """Whether git has this object."""
    try:
        return bool(list(history.objects(iter((identity,)))))
    except GitorchError:
        return False


def _source(common: Path) -> str:
    """The remote to restore from: the one whose ledger was fetched before, else the first, else a placeholder."""
    remotes = location.remotes(common)
    for remote in remotes:
        if (common / "refs/remotes" / remote / "gitorch/ledger").is_file():
            return remote

    if remotes:
        return remotes[0]

    return OTHER_CLONE
