"""What a worktree holds that no commit does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.ids import CommitId
from gitorch.model.values import Value
from gitorch.world.git.runner import OWN_FOLDER, split
from gitorch.world.system_names import system_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitorch.world.git.runner import GitRunner

FIELDS_BEFORE_PATH = {"1": 8, "u": 10, "?": 1}
"""How many fields precede the path in each kind of line of `git status --porcelain=v2`."""

DETACHED = "(detached)"
"""What git names in place of a branch where HEAD is a commit."""

SUBMODULE = "160000 "
"""The prefix of a submodule's row in `git ls-files --stage`."""


class WorktreeStatus(Value):
    """The state of a worktree's branch and files."""

    head: CommitId | None
    """The commit of its branch; None when it is on no branch, or the branch has no commit yet."""
    uncommitted: tuple[str, ...]
    """Paths with changes that no commit holds, untracked files included."""
    branch: str = ""
    """The short name of its branch, or `(detached)`."""
    checked_out: CommitId | None = None
    """The commit that is checked out, on a branch or not; None before the first."""


def worktree_status(git: GitRunner) -> WorktreeStatus:
    """The status of the runner's worktree, from one git command."""
    options = ["--porcelain=v2", "--branch", "--no-ahead-behind", "--untracked-files=all", "--no-renames"]
    # Otherwise git runs `git status` in each submodule, with the submodule's configuration.
    options.append("--ignore-submodules=dirty")
    branch: dict[str, str] = {}
    uncommitted: list[str] = []
    for part in split(git.output("status", "-z", *options)):
        if part.startswith("# branch."):
            key, value = part[2:].split(" ", 1)
            branch[key] = value
        elif part[0] in FIELDS_BEFORE_PATH:
            uncommitted.append(part.split(" ", FIELDS_BEFORE_PATH[part[0]])[-1])

    uncommitted = [path for path in uncommitted if not _is_own(path) and not _is_mask(git, path)]
    uncommitted += _changed_submodules(git, uncommitted)
    head = CommitId(branch["branch.oid"])
    name = branch["branch.head"]
    if head == "(initial)":
        return WorktreeStatus(None, tuple(uncommitted), name)

    if name == DETACHED:
        return WorktreeStatus(None, tuple(uncommitted), name, head)

    return WorktreeStatus(head, tuple(uncommitted), name, head)


def _is_own(path: str) -> bool:
    """Whether a path belongs to gitorch's own folder in a worktree."""
    return path == OWN_FOLDER or path.startswith(f"{OWN_FOLDER}/")


def _is_mask(git: GitRunner, path: str) -> bool:
    """Whether a path is a device: sandboxes mount `/dev/null` over names that their commands must not make, and git commits none.

    A link to a device is none. git commits links, so that one in the place of a file is a change, which must not be overlooked.
    """
    work_tree = git.directories.work_tree
    if work_tree is None:
        return False

    there = work_tree / system_name(path)
    return there.is_char_device() and not there.is_symlink()


def _changed_submodules(git: GitRunner, known: Collection[str]) -> list[str]:
    """The submodules with uncommitted files of their own, except those known to be changed."""
    changed = []
    for path in _submodules(git):
        if path in known:
            continue

        submodule = git.in_submodule(path)
        if submodule is None or worktree_status(submodule).uncommitted:
            changed.append(path)

    return changed


def _submodules(git: GitRunner) -> list[str]:
    """The paths of the submodules that are checked out in the worktree."""
    work_tree = git.directories.work_tree
    if work_tree is None or not (work_tree / ".gitmodules").exists():
        return []

    paths = []
    for row in split(git.output("ls-files", "--stage", "-z")):
        entry, _, path = row.partition("\t")
        if entry.startswith(SUBMODULE) and (work_tree / system_name(path) / ".git").exists():
            paths.append(path)

    return paths


def uncommitted_paths(git: GitRunner) -> tuple[str, ...]:
    """Paths with changes that no commit holds, untracked files included, except gitorch's own folder."""
    return worktree_status(git).uncommitted
