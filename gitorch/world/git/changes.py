"""What a branch changes: paths with their modes, the targets of links, and the hazards of merging them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.path_text import text_of
from gitorch.model.values import Value
from gitorch.rules.scope.hazards import ABSENT, LINK, REPOSITORY, Change, hazards, module_hazards
from gitorch.world.git.runner import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.model.ids import CommitId
    from gitorch.world.git.runner import GitRunner

FOLDER = "040000 "
"""The prefix of a folder's row in `git ls-tree`."""
MODULES = ".gitmodules"


def changes(git: GitRunner, base: CommitId, head: CommitId) -> tuple[Change, ...]:
    """Every path that differs between two commits, in git's order of paths.

    A renamed file counts under both its names: deleted under one, added under the other.
    A submodule counts as one path, whatever `.gitmodules` tells git to ignore about it.
    Raises Unavailable when the repository lacks one of the commits.
    """
    if base == head:
        return ()

    options = ("--raw", "-z", "--no-renames", "--ignore-submodules=none", "--abbrev=64")
    # The output alternates: one entry with modes and ids, then its path.
    parts = split(git.output("diff", *options, base, head, "--"))
    found = []
    for entry, path in zip(parts[0::2], parts[1::2], strict=True):
        before, after, _, blob, _ = entry.removeprefix(":").split(" ")

        target = ""
        if after == LINK:
            target = text_of(git.run("cat-file", "blob", blob).out_bytes)

        found.append(Change(path, before, after, target))
    return tuple(found)


class TreePaths(Value):
    """Every path in the tree of a commit."""

    files: tuple[str, ...]
    """Files and links; a submodule counts as a file."""
    folders: tuple[str, ...]


def tree_paths(git: GitRunner, commit: CommitId) -> TreePaths:
    """Every path that a commit holds, from one git command.

    Paths are relative to the root of the tree, in git's order, and folders have no slash at their end.
    Raises Unavailable when the repository lacks the commit.
    """
    files: list[str] = []
    folders: list[str] = []
    for row in split(git.output("ls-tree", "-r", "-t", "-z", "--full-tree", commit)):
        entry, _, path = row.partition("\t")
        if entry.startswith(FOLDER):
            folders.append(path)
        else:
            files.append(path)
    return TreePaths(tuple(files), tuple(folders))


def hazards_of(
    git: GitRunner, head: CommitId, changed: tuple[Change, ...], paths: Callable[[], TreePaths]
) -> tuple[str, ...]:
    """Why these changes must not be merged although git could merge them; empty when nothing speaks against it.

    `paths` returns the tree of `head`. It is called only when a path was added, because large trees take long to list.
    For the same reason `.gitmodules` is read only when a change concerns submodules.
    The sentences about paths come first, those about settings of submodules last.
    """
    modules: list[tuple[str, str]] = []
    if any(_concerns_submodules(change) for change in changed):
        modules = _submodule_settings(git, head)

    declared = tuple(value for key, value in modules if key.endswith(".path"))

    files: tuple[str, ...] = ()
    if any(change.before == ABSENT for change in changed):
        files = paths().files

    return (*hazards(changed, files, declared), *module_hazards(modules))


def _concerns_submodules(change: Change) -> bool:
    """Whether a change adds or moves a submodule, or changes the settings of submodules."""
    return change.after == REPOSITORY or change.path == MODULES


def _submodule_settings(git: GitRunner, head: CommitId) -> list[tuple[str, str]]:
    """Keys and values of the `.gitmodules` file in a commit, in the order of the file.

    Empty when the commit has no such file, or one that git cannot read.
    A value may hold line breaks, so entries end in NUL and only the first line break parts key and value.
    """
    result = git.run("config", "-z", "--blob", f"{head}:{MODULES}", "--get-regexp", r"^submodule\.")
    if result.status != 0:
        return []
    settings = []
    for entry in split(result.out):
        key, _, value = entry.partition("\n")
        settings.append((key, value))
    return settings
