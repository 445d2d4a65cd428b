"""A checkout of a branch that moved under it: brought along when it is clean, left alone and named when it is not."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Busy
from gitorch.ports.world import MoveResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import CommitId
    from gitorch.world.git.runner import GitRunner

UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply")


def worktrees(git: GitRunner) -> Iterator[dict[str, str]]:
    """Every worktree of the repository, as `git worktree list` tells of it: `worktree`, `HEAD`, `branch`, `locked`."""
    entry: dict[str, str] = {}
    for line in git.tell("worktree", "list", "--porcelain", "-z").split("\0"):
        if line:
            name, _, value = line.partition(" ")
            entry[name] = value
        elif entry:
            yield entry
            entry = {}


def checkout_of(git: GitRunner, ref: str) -> Path | None:
    """The worktree that has this branch checked out and is really there."""
    for entry in worktrees(git):
        if entry.get("branch") == ref and "bare" not in entry and Path(entry["worktree"]).is_dir():
            return Path(entry["worktree"])
    return None


def bring_along(git: GitRunner, new: CommitId, old: CommitId) -> MoveResult:
    """Move index and files from `old` to `new` under git's own index lock, if nothing there is anybody's work.

    git looks again at each file just before it writes, and refuses as a whole rather than lose one: an edit made after our
    look, an untracked file in the way. Then, as with uncommitted work, all stays as it is and the command is named that
    brings it along and keeps that work.
    """
    command = shlex.join(["git", "-C", str(git.where), "read-tree", "-m", "-u", old, new])
    left = MoveResult(True, "left", str(git.where), command)
    if _at(git, new):
        return MoveResult(True, "updated", str(git.where))
    if _under_way(git) or not _at(git, old) or git.ask("diff", "--quiet", "--no-ext-diff").status != 0:
        return left
    try:
        git.ask("update-index", "-q", "--refresh")
        done = git.ask("read-tree", "-m", "-u", old, new)
    except Busy:
        return left
    return MoveResult(True, "updated", str(git.where)) if done.status == 0 else left


def _at(git: GitRunner, commit: CommitId) -> bool:
    return git.ask("diff-index", "--cached", "--quiet", commit, "--").status == 0


def _under_way(git: GitRunner) -> bool:
    words = [word for name in UNDER_WAY for word in ("--git-path", name)]
    paths = git.tell("rev-parse", "--path-format=absolute", *words).splitlines()
    return any(Path(path).exists() for path in paths)
