"""The worktrees of a repository read from git's own files: each start, merge and end of an agent lists them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.world.git.ref_files import COMMIT
from gitorch.world.git.settings_files import parse_file
from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitorch.world.git.ref_files import RefFiles

_SYMBOLIC = b"ref: "
_FOLDER = re.compile(rb"(/[^\n]*[^/\n])/\.git\n")
_HEAD_BYTES_MAX = 4096
_BLANKS = b" \t\r\n"


def read_worktrees(common: Path, refs: RefFiles) -> Sequence[Mapping[str, str]] | None:
    """The worktrees of the repository with this git directory, as `git worktree list --porcelain` has them, in its order.

    Without the field `prunable`. None where only git can say it: a bare repository, worktrees with settings of their own,
    heads without a commit, and whatever git did not write.
    """
    try:
        _require_checkout(common)
        main = {"worktree": str(common).removesuffix("/.git"), **_head(common, refs)}
        linked = [_linked(record, refs) for record in _records(common)]
    except (OSError, ValueError):
        return None
    linked.sort(key=lambda entry: entry["worktree"].encode("utf-8", "surrogateescape"))
    return (main, *linked)


def _require_checkout(common: Path) -> None:
    """Raise ValueError unless the repository's own settings, which count more than the user's, say that it is not bare."""
    values = {}
    for setting in parse_file("local", whole(common / "config")):
        values[setting.key] = setting.value
    if values.get("core.bare") != "false":
        raise ValueError(common)


def _records(common: Path) -> list[Path]:
    """The folders of the linked worktrees. Raises OSError."""
    try:
        return list((common / "worktrees").iterdir())
    except FileNotFoundError:
        return []


def _linked(record: Path, refs: RefFiles) -> Mapping[str, str]:
    """The fields of a linked worktree. Raises OSError, and ValueError for what git does not write."""
    folder = _FOLDER.fullmatch(whole(record / "gitdir"))
    if not folder:
        raise ValueError(record)
    entry = {"worktree": _text(folder[1]), **_head(record, refs)}
    try:
        reason = whole(record / "locked")
    except FileNotFoundError:
        return entry
    if b"\0" in reason:
        raise ValueError(reason)
    return {**entry, "locked": _text(reason.strip(_BLANKS))}


def _head(git_dir: Path, refs: RefFiles) -> Mapping[str, str]:
    """The fields of what is checked out there. Raises OSError, and ValueError for a head that only git can resolve."""
    path = git_dir / "HEAD"
    if path.is_symlink():  # git takes a link for a symbolic ref
        raise ValueError(path)
    head = whole(path, _HEAD_BYTES_MAX).removesuffix(b"\n")
    if COMMIT.fullmatch(head):
        return {"HEAD": _text(head), "detached": ""}
    branch = _text(head.removeprefix(_SYMBOLIC))
    found = refs.read([branch])
    if not head.startswith(_SYMBOLIC) or not found:
        raise ValueError(head)
    return {"HEAD": found[branch], "branch": branch}


def _text(data: bytes) -> str:
    """As the output of git is read."""
    return data.decode("utf-8", "surrogateescape")
