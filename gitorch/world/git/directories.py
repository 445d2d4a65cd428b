"""Where a repository and its worktrees lie, found without git and without believing an agent's files.

An agent can rewrite the `.git` file of its worktree so that it names another git directory, whose configuration makes
git run a program. So gitorch finds the git directory of a linked worktree from the records in the common git directory,
names it to git explicitly, and refuses a worktree whose `.git` file names another one.
"""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.values import Value
from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from pathlib import Path

POINTER_BYTES_MAX = 4096


class GitDirectories(Value):
    """The directories that git works with."""

    git_dir: Path
    """The directory with HEAD and index."""
    common: Path
    """The directory with objects, refs and configuration, which all worktrees of the repository share."""
    work_tree: Path | None = None
    """The root of the checked-out files; None when the command does not touch any."""


def repository_directories(root: Path) -> GitDirectories:
    """The directories of the repository whose checkout, linked worktree or bare git directory is `root`.

    The paths are absolute, without links, and not checked to exist.
    `root` must be trusted: of a linked worktree, the `.git` file is believed.
    The result has no `work_tree`, because the command may be one that needs none.
    """
    git_dir = root
    dot_git = root / ".git"
    if dot_git.is_dir():
        git_dir = dot_git
    elif dot_git.is_file():
        git_dir = _pointer_target(dot_git) or dot_git

    common = git_dir
    commondir = git_dir / "commondir"
    if commondir.is_file():
        common = git_dir / commondir.read_text(encoding="utf-8", errors="surrogateescape").strip()

    return GitDirectories(git_dir.resolve(), common.resolve())


def worktree_directories(root: Path, repository: GitDirectories, path: Path) -> GitDirectories:
    """The directories of one worktree of the repository at `root`.

    The path may be that of the main checkout.
    Raises Unavailable when the repository has no worktree at this path.
    Raises Unavailable when the worktree's `.git` file does not name the git directory that the repository recorded for
    it; the hint is the command that restores the file.
    """
    place = path.resolve()

    # git lists the main worktree of a repository with a separate git directory under the path of that directory.
    if place in {root.resolve(), repository.common} and (root / ".git").exists():
        return GitDirectories(repository.git_dir, repository.common, root)
    if (place / ".git").resolve() == repository.common:
        return GitDirectories(repository.common, repository.common, place)

    record = _worktree_record(repository.common, place)
    if record is None:
        raise Unavailable(f"{path} is not a worktree of this repository", hint="git worktree list")
    dot_git = place / ".git"
    target = _pointer_target(dot_git)
    if target is None or target.resolve() != record.resolve():
        message = f"{dot_git} no longer names {record}, the git directory that this worktree was made with"
        raise Unavailable(message, hint=f"echo {quote(f'gitdir: {record}')} > {quote(str(dot_git))}")
    return GitDirectories(record, repository.common, place)


def submodule_directories(superproject: GitDirectories, place: Path) -> GitDirectories | None:
    """The directories of the submodule checked out at this path.

    git keeps the repositories of submodules in the `modules` folder of the superproject's git directory.
    That of a linked worktree has one of its own, so both are accepted.
    None when `.git` names a directory elsewhere, which an agent may have chosen, and when it names none.
    """
    target = _pointer_target(place / ".git")
    if target is None:
        return None

    git_dir = target.resolve()
    for owner in (superproject.git_dir, superproject.common):
        if (owner / "modules").resolve() in git_dir.parents:
            return GitDirectories(git_dir, git_dir, place)
    return None


def _worktree_record(common: Path, place: Path) -> Path | None:
    """The folder in which the repository keeps the linked worktree at this path; None when there is none.

    `place` has no links in it. A recorded path may be relative to its record, as git writes it since 2.48.
    """
    expected = place / ".git"
    for gitdir in (common / "worktrees").glob("*/gitdir"):
        try:
            named = gitdir.parent / os.fsdecode(whole(gitdir)).rstrip("\n")
        except OSError:
            continue
        if named.parent.resolve() / named.name == expected:
            return gitdir.parent
    return None


def _pointer_target(dot_git: Path) -> Path | None:
    """The git directory that a `.git` file names; None when there is no such file, or it names none.

    A link counts as no such file.
    A relative target is taken from the folder of the file, as git does.
    """
    if dot_git.is_symlink():
        return None
    if not dot_git.is_file():
        return None

    with dot_git.open("rb") as file:
        text = file.read(POINTER_BYTES_MAX).decode("utf-8", "surrogateescape")
    prefix, _, target = text.rstrip("\n").partition(": ")
    if prefix != "gitdir":
        return None
    return dot_git.parent / target
