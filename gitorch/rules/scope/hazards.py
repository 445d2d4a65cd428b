"""Changes that a branch may not make although they are in scope, because some clone would lose or misread them."""

from __future__ import annotations

import posixpath
import unicodedata
from typing import TYPE_CHECKING

from gitorch.model.path_text import quoted
from gitorch.model.values import Value
from gitorch.rules.scope.paths import is_gits_own, leads_elsewhere

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

ABSENT, LINK, REPOSITORY = "000000", "120000", "160000"
"""git's modes for no entry, a symbolic link, and a repository inside the repository."""

OWN_FOLDER = ".gitorch"

READ_BY_GIT = frozenset({".gitmodules", ".gitattributes", ".gitignore"})
"""Files that git reads in every folder, and that must not lead it to another file."""


class Change(Value):
    """One path that a branch changes."""

    path: str

    before: str
    """git's mode before the change."""

    after: str
    """git's mode after it."""

    target: str = ""
    """The target of a symbolic link."""


def hazards(changes: Collection[Change], held: Iterable[str], submodules: Collection[str]) -> tuple[str, ...]:
    """One sentence for each hazard in the changes; empty for changes that every clone can keep.

    `held` are all paths of the branch; it is read only when something was added, because a tree can be
    large. `submodules` are the paths of the submodules that the branch declares. Hazards of single
    paths come first, in the order of the changes, then paths that some file system cannot tell apart.
    """
    found, added = _hazards_by_path(changes, submodules)

    if added:
        found += _twins(added, held)

    return tuple(found)


def _hazards_by_path(changes: Collection[Change], submodules: Collection[str]) -> tuple[list[str], set[str]]:
    """The hazards of each path by itself, and the paths that were added."""
    found: list[str] = []
    added: set[str] = set()

    for change in changes:
        if change.before == ABSENT:
            added.add(change.path)

        # A path that is removed harms nobody any more.
        if change.after != ABSENT:
            found += _own_hazards(change, submodules)
    return found, added


def _own_hazards(change: Change, submodules: Collection[str]) -> Iterator[str]:
    """The hazards of one path by itself.

    They come from the folder that it is in, what it is, how its name is spelled, and where it links to.
    """
    path = change.path

    # Every worktree has files of its own there, which gitorch writes.
    top, _, _ = path.partition("/")
    if top == OWN_FOLDER:
        yield f"{quoted(path)} belongs to gitorch; take it out of the commits"

    # git records only the commit of an inner repository, none of its files.
    if change.after == REPOSITORY and path not in submodules:
        yield f"{quoted(path)} is a repository of its own, whose files would be lost; remove its .git folder and add the files"

    if is_gits_own(path) or leads_elsewhere(path):
        yield f"{quoted(path)} is mistaken for git's own folder, or for another path, on some systems; choose another name"

    if change.after == LINK:
        yield from _link_hazards(path, change.target)


def _link_hazards(path: str, target: str) -> Iterator[str]:
    """The hazard of a symbolic link, if it has one; the first that applies is enough to refuse it."""
    if _leaves_repository(path, target):
        yield f"{quoted(path)} links to {quoted(target)}, outside of the repository"
    elif _is_detour(target):
        yield f"{quoted(path)} links to {quoted(target)}, which goes up through a folder that may be a link itself; link to it directly"
    elif posixpath.basename(path).casefold() in READ_BY_GIT:
        yield f"{quoted(path)} is read by git and cannot be a link; make it a file"


def _is_detour(target: str) -> bool:
    """Whether a target goes up after it went down.

    In `d/..`, `d` may be a link, and its parent may be anywhere.
    """
    went_down = False
    for part in target.split("/"):
        if part == ".." and went_down:
            return True

        if part not in {"", ".", ".."}:
            went_down = True

    return False


def _leaves_repository(path: str, target: str) -> bool:
    """Whether a link leads out of the repository, or into git's own folder.

    Other links on the way are not followed; `_is_detour` refuses targets for which that matters. An
    absolute target always leaves it, because every clone lies elsewhere.
    """
    if target.startswith("/"):
        return True

    end = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return end.split("/")[0] in {"..", ".git"}


def module_hazards(settings: Iterable[tuple[str, str]]) -> Iterator[str]:
    """One sentence for each hazard in a commit's `.gitmodules`.

    `settings` are the keys and values as git lists them, such as `submodule.lib.url` with its value.
    """
    for key, value in settings:
        if _is_unsafe_module_setting(key, value):
            yield f".gitmodules says {key} = {value}, which git could take for a command or for another folder"


def _is_unsafe_module_setting(key: str, value: str) -> bool:
    """Whether git could run this value, take it for an option, or leave its modules folder for it.

    The name of a submodule is a folder in git's own one, so `..` in it leads out of there.
    """
    name, _, setting = key.removeprefix("submodule.").rpartition(".")
    if setting == "update" and value.startswith("!"):
        return True

    if value.startswith("-"):
        return True

    return ".." in name.replace("\\", "/").split("/")


def _twins(added: Collection[str], held: Iterable[str]) -> Iterator[str]:
    """Added paths, or folders above them, that differ from another path only in case or accents.

    Each spelling is reported once, in the order of the paths.
    """
    spellings: dict[str, str] = {}
    reported: set[str] = set()

    # Paths that were there before come first, so that their spelling counts as the known one.
    for path in sorted(held, key=lambda path: path in added):
        for part in _prefixes(path):
            known = spellings.setdefault(_folded(part), part)
            if known == part or part in reported:
                continue

            # Twins that were there before are not this branch's doing.
            if path not in added:
                continue

            reported.add(part)
            yield f"{quoted(part)} and {quoted(known)} are the same path where case or accents do not count; choose another name"


def _prefixes(path: str) -> Iterator[str]:
    """The folders above a path from the top down, then the path itself: `a`, `a/b`, `a/b/c.py`."""
    parts = path.split("/")
    for number in range(len(parts)):
        yield "/".join(parts[: number + 1])


def _folded(path: str) -> str:
    """The path without differences in case or in the composition of characters.

    Case folding can take composed characters apart, so they are composed again after it. Two paths with
    the same result are one file on some systems.
    """
    composed = unicodedata.normalize("NFC", path)
    return unicodedata.normalize("NFC", composed.casefold())
