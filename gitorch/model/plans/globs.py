"""Whether two write scopes can overlap, decided from their globs alone, before any file exists."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.plans.workflow import Scope

EVERYTHING = "**"


def shared_globs(one: Scope, other: Scope) -> tuple[str, str] | None:
    """A pair of globs of the two scopes that may match the same path; None when no path can lie in both.

    None is certain. A pair is not: a class such as `[a-z]` counts as any character, so the pair may never match one path.
    """
    theirs = _reachable(other, one.forbidden)
    for ours in _reachable(one, other.forbidden):
        for glob in theirs:
            if may_overlap(ours, glob):
                return ours, glob

    return None


def _reachable(scope: Scope, forbidden: Sequence[str]) -> list[str]:
    """The globs of a scope, without those that the other scope forbids as a whole. A scope without globs allows everything."""
    reachable: list[str] = []
    for glob in scope.allowed or (EVERYTHING,):
        if not _is_covered(glob, forbidden):
            reachable.append(glob)

    return reachable


def may_overlap(one: str, other: str) -> bool:
    """Whether some path may match both globs.

    False is certain; true may be wrong if a glob has a class such as `[a-z]`, which counts as any character.
    """
    for ours in _forms(one):
        for theirs in _forms(other):
            if _paths_meet(_parts(ours), _parts(theirs)):
                return True

    return False


def is_literal(part: str) -> bool:
    """Whether the last part of a glob is a name without wildcards, which may be that of a folder."""
    return part != "" and not set(part) & set("*?[")


def _forms(glob: str) -> tuple[str, ...]:
    """The glob, and the one of everything below it if its last part may name a folder."""
    if is_literal(glob.rpartition("/")[2]):
        return (glob, f"{glob}/{EVERYTHING}")

    return (glob,)


def _parts(glob: str) -> tuple[str, ...]:
    """The glob's parts between slashes; a folder stands for everything below it."""
    if glob.endswith("/"):
        glob += EVERYTHING

    return tuple(glob.split("/"))


@lru_cache(maxsize=4096)
def _paths_meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether some path may match both globs, given as their parts. It compares the first parts and goes on with the rest."""
    if not one or not other:
        # `src/**` matches nothing without a further part, while `**/x` matches `x` alone.
        return one == other

    if one[0] == EVERYTHING:
        return _everything_meets(one, other)

    if other[0] == EVERYTHING:
        return _everything_meets(other, one)

    if not _names_meet(_characters(one[0]), _characters(other[0])):
        return False

    return _paths_meet(one[1:], other[1:])


def _everything_meets(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """The same for a glob that begins with `**`, which takes no part of the other glob, or its first part and more."""
    if len(one) == 1:
        return True

    if _paths_meet(one[1:], other):
        return True

    return _paths_meet(one, other[1:])


def _characters(part: str) -> tuple[str, ...]:
    """One part of a glob as characters and wildcards; a class becomes `?`, so that no overlap is missed."""
    characters: list[str] = []
    inside = ""
    for char in part:
        if inside:
            inside += char
            if char == "]" and len(inside) > 2:
                characters.append("?")
                inside = ""
        elif char == "[":
            inside = char
        else:
            characters.append(char)

    return (*characters, *inside)


def _names_meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether some name matches both. It walks `one` and keeps the set of positions in `other` that can match so far."""
    places = _stars(other, {0})
    for character in one:
        if character == "*":
            # It may take any further characters, so every later position can be reached.
            first = min(places, default=len(other) + 1)
            places = set(range(first, len(other) + 1))
        else:
            places = _stars(other, _stepped(other, places, character))

    return len(other) in places


def _stepped(other: Sequence[str], places: set[int], character: str) -> set[int]:
    """The positions after one more character of the name; a `*` takes it and stays."""
    stepped: set[int] = set()
    for at in places:
        if at >= len(other):
            continue

        if other[at] == "*":
            stepped.add(at)
        elif _characters_meet(character, other[at]):
            stepped.add(at + 1)

    return stepped


def _characters_meet(one: str, other: str) -> bool:
    """Whether one character of a name may match both; a `?` stands for any character."""
    if "?" in {one, other}:
        return True

    return one == other


def _stars(part: Sequence[str], places: set[int]) -> set[int]:
    """The positions that are reached without a further character, since a `*` may match nothing."""
    found = set(places)
    for at in sorted(places):
        following = at
        while following < len(part) and part[following] == "*":
            following += 1
            found.add(following)

    return found


def _is_covered(other: str, forbidden: Sequence[str]) -> bool:
    """Whether one of the forbidden globs certainly matches everything that `other` matches."""
    for glob in forbidden:
        if _covers(glob, other):
            return True

    return False


def _covers(glob: str, other: str) -> bool:
    """Whether `glob` certainly matches everything that `other` matches: it is the same, or a plain folder above it."""
    if glob in {other, EVERYTHING}:
        return True

    folder, _, last = "/".join(_parts(_forms(glob)[-1])).rpartition("/")
    if last != EVERYTHING:
        return False

    has_wildcard = bool(set(folder) & set("*?["))
    if has_wildcard:
        return False

    return other.startswith(f"{folder}/")
