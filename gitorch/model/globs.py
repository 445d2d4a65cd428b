"""Whether two write scopes can meet: a question about globs alone, asked before any path exists."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.workflow import Scope

EVERYTHING = "**"


def shared_globs(one: Scope, other: Scope) -> tuple[str, str] | None:
    """A pair of globs of the two scopes that may match the same path; None when no path can lie in both.

    Sure where it says None. A class such as `[a-z]` counts as any character, so it may name a pair that never meets.
    """
    for ours in one.allowed or (EVERYTHING,):
        for theirs in other.allowed or (EVERYTHING,):
            shut = any(_covers(no, ours) for no in other.forbidden) or any(_covers(no, theirs) for no in one.forbidden)
            if not shut and may_overlap(ours, theirs):
                return ours, theirs
    return None


def may_overlap(one: str, other: str) -> bool:
    """Whether some path may match both globs."""
    return _meet(_parts(one), _parts(other))


def _parts(glob: str) -> tuple[str, ...]:
    return tuple((f"{glob}{EVERYTHING}" if glob.endswith("/") else glob).split("/"))


@lru_cache(maxsize=4096)
def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        # At the end of a path `src/**` still wants something below `src`, but `**/x` is content with `x`.
        return not one and not other
    if one[0] == EVERYTHING:
        if len(one) == 1:
            return True
        return _meet(one[1:], other) or _meet(one, other[1:])
    if other[0] == EVERYTHING:
        return _meet(other, one)
    return _words_meet(_letters(one[0]), _letters(other[0])) and _meet(one[1:], other[1:])


def _letters(part: str) -> tuple[str, ...]:
    """One part of a path as characters and wildcards; a class is any character, which never misses an overlap."""
    letters: list[str] = []
    inside = ""
    for char in part:
        if inside:
            inside += char
            if char == "]" and len(inside) > 2:
                letters.append("?")
                inside = ""
        elif char == "[":
            inside = char
        else:
            letters.append(char)
    return (*letters, *inside)


def _words_meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether some word matches both: the set of places in `other` that each place in `one` can stand beside."""
    places = _stars(other, {0})
    for letter in one:
        if letter == "*":
            places = set(range(min(places, default=len(other) + 1), len(other) + 1))
            continue
        stepped = set()
        for at in places:
            if at < len(other) and other[at] == "*":
                stepped.add(at)
            elif at < len(other) and (letter == "?" or other[at] in {letter, "?"}):
                stepped.add(at + 1)
        places = _stars(other, stepped)
    return len(other) in places


def _stars(word: Sequence[str], places: set[int]) -> set[int]:
    """The places reached without a letter: a `*` may stand for nothing."""
    found = set(places)
    for at in sorted(places):
        following = at
        while following < len(word) and word[following] == "*":
            following += 1
            found.add(following)
    return found


def _covers(glob: str, other: str) -> bool:
    """Whether everything that `other` matches is surely matched by `glob`: the same, or below a folder named in letters."""
    folder, _, last = ("/".join(_parts(glob))).rpartition("/")
    if glob in {other, EVERYTHING}:
        return True
    return last == EVERYTHING and not set(folder) & set("*?[") and other.startswith(f"{folder}/")
