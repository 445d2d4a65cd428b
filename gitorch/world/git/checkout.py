"""A checkout whose branch gitorch moved: updated when it is clean, left alone when it holds work."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Busy
from gitorch.ports.git import MoveResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import CommitId
    from gitorch.world.git.runner import GitRunner

UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply")
"""Files in the git directory that exist while the user is in the middle of a git operation."""


def worktrees(git: GitRunner) -> Iterator[dict[str, str]]:
    """Every worktree of the repository, the main one first, as one dictionary of fields each.

    `worktree` is its path and always there.
    `HEAD` is a commit id; a bare repository has none.
    `branch` is a full ref name; a detached worktree has the field `detached` instead.
    `bare`, `detached`, and `locked` without a reason, have an empty value.
    """
    entry: dict[str, str] = {}
    for line in git.output("worktree", "list", "--porcelain", "-z").split("\0"):
        if line:
            name, _, value = line.partition(" ")
            entry[name] = value
        elif entry:
            yield entry
            entry = {}


def checkout_of(git: GitRunner, ref: str) -> Path | None:
    """The worktree that has this branch checked out; `ref` is the full name of the branch.

    None when there is none, and when git still lists a worktree whose folder was deleted.
    """
    for entry in worktrees(git):
        if entry.get("branch") != ref:
            continue
        path = Path(entry["worktree"])
        if path.is_dir():
            return path
    return None


def update_checkout(git: GitRunner, new: CommitId, old: CommitId) -> MoveResult:
    """Move index and files from `old` to `new` under git's own index lock, unless the checkout holds somebody's work.

    git checks each file again just before it writes it, and refuses as a whole rather than overwrite one: an edit made
    after our check, or an untracked file in the way. Then, as with uncommitted work, the checkout stays as it is, and the
    result names the command that updates it and keeps that work.
    """
    checkout = str(git.directory)
    command = shlex.join(["git", "-C", checkout, "read-tree", "-m", "-u", old, new])
    updated = MoveResult(True, "updated", checkout)
    left = MoveResult(True, "left", checkout, command)

    # First: an update that was killed after it wrote the index is complete, whatever the user began since.
    if _index_matches(git, new):
        return updated
    if _operation_unfinished(git):
        return left
    if not _index_matches(git, old):
        return left
    if not git.succeeds("diff", "--quiet"):
        return left

    # Without the refresh git refuses files whose times alone changed.
    try:
        git.run("update-index", "-q", "--refresh")
        moved = git.succeeds("read-tree", "-m", "-u", old, new)
    except Busy:
        return left
    if not moved:
        return left
    return updated


def _index_matches(git: GitRunner, commit: CommitId) -> bool:
    """Whether the index holds exactly the tree of this commit; the files are not compared."""
    return git.succeeds("diff-index", "--cached", "--quiet", commit, "--")


def _operation_unfinished(git: GitRunner) -> bool:
    """Whether a merge, rebase, cherry-pick, revert or bisect of the user's is under way.

    git itself is asked where these files lie, because each linked worktree keeps its own.
    """
    arguments: list[str] = []
    for name in UNFINISHED:
        arguments += ("--git-path", name)
    paths = git.output("rev-parse", "--path-format=absolute", *arguments).splitlines()
    return any(Path(path).exists() for path in paths)
