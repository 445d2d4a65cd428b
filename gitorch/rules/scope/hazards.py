"""What a branch may not bring although its paths are in scope: things that git keeps and other people lose."""

from __future__ import annotations

import posixpath
import unicodedata
from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.rules.scope.paths import gits_own, odd_characters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

ABSENT, LINK, REPOSITORY = "000000", "120000", "160000"
"""Modes of git: no entry, a symbolic link, a repository inside the repository."""

OWN_FOLDER = ".gitorch"

READ_BY_GIT = frozenset({".gitmodules", ".gitattributes", ".gitignore"})
"""Files that git reads wherever they lie, and must not be led elsewhere for."""


class Change(Value):
    """One path that a branch changes, with git's modes before and after; `target` is where a symbolic link leads."""

    path: str
    before: str
    after: str
    target: str = ""


def hazards(changes: Collection[Change], held: Iterable[str], submodules: Collection[str]) -> tuple[str, ...]:
    """What is wrong with the changes, one sentence each. `held` are all paths of the branch, `submodules` those it declares.

    `held` is read only where something was added, since a large tree is long.
    """
    added = {change.path for change in changes if change.before == ABSENT}
    twins = tuple(_twins(added, held)) if added else ()
    return (*(said for change in changes for said in _own_hazards(change, submodules)), *twins)


def _own_hazards(change: Change, submodules: Collection[str]) -> Iterator[str]:
    path = change.path
    if change.after == ABSENT:
        return
    if path == OWN_FOLDER or path.startswith(f"{OWN_FOLDER}/"):
        yield f"{path} is gitorch's own; take it out of the commits"
    if change.after == REPOSITORY and path not in submodules:
        yield f"{path} is a repository of its own, whose files would be lost; remove its .git folder and add the files"
    if gits_own(path) or odd_characters(path):
        yield f"{path!r} is taken for git's own, or for another path, on some systems; choose another name"
    if change.after == LINK:
        yield from _wrong_with_link(path, change.target)


def _wrong_with_link(path: str, target: str) -> Iterator[str]:
    if _leaves(path, target):
        yield f"{path} links to {target}, outside of the repository"
    elif _detour(target):
        yield f"{path} links to {target}, up again from below, where another link may lead elsewhere; link to it directly"
    elif posixpath.basename(path).casefold() in READ_BY_GIT:
        yield f"{path} is read by git and cannot be a link; make it a file"


def _detour(target: str) -> bool:
    """Whether a target goes up after it went down: `d/..` is what `d` links to, and its parent may be anywhere."""
    parts = [part for part in target.split("/") if part not in {"", "."}]
    return ".." in parts[next((n for n, part in enumerate(parts) if part != ".."), len(parts)) :]


def wrong_with_modules(settings: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What is wrong with the submodules that a commit declares, by key and value of its `.gitmodules`."""
    for key, value in settings:
        name, _, what = key.removeprefix("submodule.").rpartition(".")
        command = what == "update" and value.startswith("!")
        if command or value.startswith("-") or ".." in name.replace("\\", "/").split("/"):
            yield f".gitmodules says {key} = {value}, which git could take for a command or for another folder"


def _leaves(path: str, target: str) -> bool:
    """Whether a link leads out of the repository, or into git's own folder."""
    end = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return target.startswith("/") or end == ".." or end.startswith("../") or end.split("/")[0] == ".git"


def _twins(added: Collection[str], held: Iterable[str]) -> Iterator[str]:
    """Added paths, or folders of theirs, that another path differs from in case or accents only."""
    spelled: dict[str, str] = {}
    said: set[str] = set()
    every = sorted(held, key=lambda path: path in added)  # what was there before keeps its spelling
    for path in every:
        for part in _prefixes(path):
            known = spelled.setdefault(_folded(part), part)
            if known != part and path in added and part not in said:
                said.add(part)
                yield f"{part} and {known} are one and the same where case or accents do not count; choose another name"


def _prefixes(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[: number + 1]) for number in range(len(parts)))


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
