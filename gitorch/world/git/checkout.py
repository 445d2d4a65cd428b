"""Checkouts of a branch that gitorch moves: index and files follow it, and other people's edits stay as they are."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.path_text import quoted, shell_words
from gitorch.model.values import Value
from gitorch.world.git.interrupted import run_checkout, undo_interrupted
from gitorch.world.git.runner import split
from gitorch.world.git.worktree_files import read_worktrees
from gitorch.world.safe_reading import whole
from gitorch.world.system_names import system_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.model.ids import CommitId
    from gitorch.world.git.runner import GitRunner

UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
}
"""Files in the git directory that exist while the user is in the middle of a git operation, with its name."""

MAGIC = r"^:|[*?\[\\]"
"""What makes git read a path as a pattern."""

SHOWN_MAX = 5

HEAD_NAME_BYTES_MAX = 4096


def worktrees(git: GitRunner) -> Sequence[Mapping[str, str]]:
    """Every worktree of the repository, the main one first, as one mapping of fields each.

    `worktree` is its path and always there.
    `HEAD` is a commit id; a bare repository has none.
    `branch` is a full ref name; a detached worktree has the field `detached` instead.
    `bare`, `detached`, and `locked` without a reason, have an empty value.
    They are read from git's files where these can say it, else listed by git. Raises Unavailable.
    """
    known = read_worktrees(git.common, git.refs)
    if known is not None:
        return known
    return listed_worktrees(git)


def listed_worktrees(git: GitRunner) -> Sequence[Mapping[str, str]]:
    """The same, listed by git; it adds the field `prunable`."""
    found = []
    entry: dict[str, str] = {}
    for line in git.output("worktree", "list", "--porcelain", "-z").split("\0"):
        if line:
            name, _, value = line.partition(" ")
            entry[name] = value
        elif entry:
            found.append(entry)
            entry = {}
    return found


def checkouts_of(git: GitRunner, ref: str) -> tuple[Path, ...]:
    """The worktrees that have this branch checked out; `ref` is the full name of the branch.

    git keeps a branch to one worktree unless it was forced. A worktree whose folder was deleted counts for none.
    """
    found: list[Path] = []
    for entry in worktrees(git):
        path = Path(entry["worktree"])
        if entry.get("branch") == ref and path.is_dir():
            found.append(path)

    return tuple(found)


def rebase_of(git: GitRunner, ref: str) -> Obstacle | None:
    """The rebase of this branch that somebody has begun in a worktree; None without one.

    HEAD of that worktree names no branch meanwhile, and the rebase moves the branch at its end: back, where it is given up.
    """
    for entry in worktrees(git):
        if "detached" not in entry:
            continue
        with suppress(
            OSError, Unavailable
        ):  # a worktree that was removed, or that its agent made unreadable, holds no branch
            checkout = git.at(Path(entry["worktree"]))
            names = [_head_name(checkout.directories.git_dir / folder) for folder in ("rebase-merge", "rebase-apply")]
            if ref in names:
                reason = f"a rebase of it is under way in {checkout.directory}"
                return Obstacle(reason, _command(checkout, "status"))

    return None


def _head_name(folder: Path) -> str:
    """The full name of the branch that a rebase with this folder is about; empty without one."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return os.fsdecode(whole(folder / "head-name", HEAD_NAME_BYTES_MAX)).strip()

    return ""


class Obstacle(Value):
    """Why a checkout cannot follow its branch."""

    reason: str
    """A sentence without a full stop."""
    command: str
    """The command that clears the obstacle, or shows it where its owner has to decide."""


def bring_along(
    git: GitRunner,
    new: CommitId,
    old: CommitId,
) -> Obstacle | None:
    """Move index and files from `old` to `new`. None when they are there, otherwise why nothing was changed.

    Edits of files that are the same in both commits are kept, staged or not. git checks each file again just before it
    writes it, and refuses as a whole rather than overwrite one.
    Raises Busy, naming the lock, when one stays taken, and Unavailable when git had to be ended.
    """
    undo_interrupted(git)
    # First: an update that was killed after it wrote the index is complete, whatever the user began since.
    if _index_matches(git, new):
        return None

    obstacle = _obstacle_to_begin(git, old, new)
    if obstacle is not None:
        return obstacle

    # Without the refresh git refuses files whose times alone changed.
    git.run("update-index", "-q", "--refresh")
    result = run_checkout(git, old, new, "read-tree", "-m", "-u", old, new)
    if result.status == 0:
        return None

    unresolved = _unresolved(git)
    if unresolved:
        reason = f"{git.directory} holds conflicts that nobody has resolved yet, in {_listed(unresolved)}"
        return Obstacle(reason, _command(git, "status"))

    edited = _edited(git, old, new)
    if edited:
        return _edited_obstacle(git, edited)

    if "unable to" in result.err:
        return Obstacle(f"{git.directory} could not be updated: {result.err}", _disk_command(git))

    return Obstacle(f"{git.directory} could not be updated: {result.err}", _command(git, "status"))


def _unresolved(git: GitRunner) -> tuple[str, ...]:
    """The files with conflicts in the index, which a merge, a stash or a cherry-pick may leave without an operation under way."""
    return tuple(split(git.output("diff", "--name-only", "--diff-filter=U", "-z", "--")))


def _obstacle_to_begin(git: GitRunner, old: CommitId, new: CommitId) -> Obstacle | None:
    """What git would not refuse itself, and what must not be overwritten all the same."""
    under_way = _unfinished_operation(git)
    if under_way:
        return Obstacle(f"a {under_way} is under way in {git.directory}", _command(git, "status"))

    in_the_way = _files_in_the_way(git, old, new)
    if in_the_way:
        reason = f"{git.directory} holds {_listed(in_the_way)}, which no commit holds and the merge would overwrite"
        return Obstacle(reason, stash_command(git, in_the_way))

    removed = _removed(git, old, new)
    if removed:
        return _edited_obstacle(git, removed)

    return None


def lag(git: GitRunner, new: CommitId, old: CommitId) -> Obstacle | None:
    """Why a checkout still has the files of `old`, and the command that updates it; None where it has any file of `new`.

    Changes nothing.
    """
    touched = set(split(git.output("diff", "--name-only", "-z", "--no-renames", old, new, "--")))
    as_before = touched.difference(_staged(git, old))
    as_after = touched.difference(_staged(git, new))
    if as_after or not as_before:
        return None

    update = update_command(git, new, old)
    obstacle = _obstacle_to_begin(git, old, new)
    edited = _edited(git, old, new)
    if obstacle is None and edited:
        obstacle = _edited_obstacle(git, edited)
    if obstacle is not None:
        return Obstacle(obstacle.reason, f"{obstacle.command} && {update}")

    return Obstacle(f"{git.directory} has the files from before the merge", update)


def _staged(git: GitRunner, commit: CommitId) -> tuple[str, ...]:
    """The paths that differ between this commit and the index."""
    return split(git.output("diff-index", "--cached", "--name-only", "-z", "--no-renames", commit, "--"))


def _disk_command(git: GitRunner) -> str:
    """The command that shows how much room there is for the files of this checkout."""
    return shell_words(["df", "-h", str(git.directory)])


def _edited_obstacle(git: GitRunner, paths: tuple[str, ...]) -> Obstacle:
    """The obstacle of files with changes that no commit holds."""
    reason = f"{git.directory} has uncommitted changes to {_listed(paths)}, which the merge changes too"
    return Obstacle(reason, stash_command(git, paths))


def stash_command(git: GitRunner, paths: tuple[str, ...]) -> str:
    """The command that puts these files aside, from where `git stash pop` brings them back."""
    return _command(git, "stash", "push", "--all", "--", *map(_pathspec, paths))


def _pathspec(path: str) -> str:
    """A path as git commands take it; one that git would read as a pattern is marked as literal."""
    name = system_name(path)
    if re.search(MAGIC, name):
        return f":(literal){name}"

    return name


def _command(git: GitRunner, *words: str) -> str:
    """A git command in this checkout, to be typed."""
    return shell_words(["git", "-C", str(git.directory), *words])


def update_command(
    git: GitRunner,
    new: CommitId,
    old: CommitId,
) -> str:
    """The command that updates a checkout by hand once nothing is in the way any more, and keeps other edits."""
    return _command(git, "read-tree", "-m", "-u", old, new)


def _index_matches(git: GitRunner, commit: CommitId) -> bool:
    """Whether the index holds exactly the tree of this commit; the files are not compared."""
    return git.succeeds("diff-index", "--cached", "--quiet", commit, "--")


def _unfinished_operation(git: GitRunner) -> str:
    """The operation of the user's that is under way: a merge, rebase, cherry-pick, revert or bisect; empty without one.

    Each worktree keeps these files in its own git directory.
    """
    for name, operation in UNFINISHED.items():
        if (git.directories.git_dir / name).exists():
            return operation

    return ""


def _files_in_the_way(
    git: GitRunner,
    old: CommitId,
    new: CommitId,
) -> tuple[str, ...]:
    """Files that no commit holds, where the new commit adds some. git itself would overwrite those that are ignored."""
    options = ("--name-only", "-z", "--no-renames", "--diff-filter=A")
    found: dict[str, None] = {}
    for path in split(git.output("diff", *options, old, new, "--")):
        place = _obstacle(git.directory, path)
        if place:
            found[place] = None

    if not found:
        return ()

    tracked = _tracked(git)
    return tuple(place for place in found if place not in tracked)


def _tracked(git: GitRunner) -> set[str]:
    """Every path in the index, and the folders above it: git itself knows what may be lost there."""
    tracked: set[str] = set()
    for path in split(git.output("ls-files", "-z")):
        tracked.add(path)
        tracked.update(str(folder) for folder in Path(path).parents)

    return tracked


def _obstacle(root: Path, path: str) -> str:
    """What is in the way of a new file: something at its path, or a file in the place of a folder above it; empty without."""
    for folder in reversed(Path(path).parents):
        above = root / system_name(str(folder))
        if _bars_folder(above):
            return str(folder)

    if _bars_file(root / system_name(path)):
        return path

    return ""


def _bars_folder(place: Path) -> bool:
    """Whether no folder can be made here, since there is a link, or something that is no folder."""
    if place.is_symlink():
        return True

    return place.exists() and not place.is_dir()


def _bars_file(place: Path) -> bool:
    """Whether a file or submodule cannot be written here without loss of what is there."""
    if place.is_symlink() or place.is_file():
        return True

    if not place.is_dir():
        return False

    if (place / ".git").exists():  # a submodule may be there already
        return False

    return any(place.iterdir())


def _removed(
    git: GitRunner,
    old: CommitId,
    new: CommitId,
) -> tuple[str, ...]:
    """The paths that the new commit has otherwise and whose files somebody deleted. git itself would write them again."""
    removed = set(split(git.output("diff-files", "--name-only", "-z", "--diff-filter=D")))
    if not removed:
        return ()

    touched = split(git.output("diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", old, new, "--"))
    return tuple(path for path in touched if path in removed)


def _edited(
    git: GitRunner,
    old: CommitId,
    new: CommitId,
) -> tuple[str, ...]:
    """The paths that differ between the commits and have changes in the index or the files that no commit holds."""
    edited = set(split(git.output("diff", "--name-only", "-z", "--no-renames", old, "--")))
    touched = split(git.output("diff", "--name-only", "-z", "--no-renames", old, new, "--"))
    return tuple(path for path in touched if path in edited)


def _listed(paths: tuple[str, ...]) -> str:
    """The first of these paths, with an ellipsis for the rest."""
    shown = ", ".join(map(quoted, paths[:SHOWN_MAX]))
    if len(paths) > SHOWN_MAX:
        shown += ", …"

    return shown
