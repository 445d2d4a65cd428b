"""Match paths with the globs of a write scope. `**` spans folders, `*` and `?` stay within one, and case counts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gitorch.model.path_text import characters_of
from gitorch.model.plans.globs import is_literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.plans.workflow import Scope

WILDCARDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
"""Each wildcard and the regular expression that it stands for."""

PIECE = r"(\*\*/|\*\*|\*|\?|\[[!^]?[^\]/]+\])"
"""A wildcard or a class."""

CLASS = r"\[(?P<negated>[!^](?!\]))?(?P<inside>[^\]/]+)\]"
"""A class such as `[a-z]`, or `[!a-z]` for everything else."""

MEMBER = r"(?s)(.)-(.)|(.)"
"""A range or a single character of a class."""


EMPTY_CLASSES = {False: "(?!)", True: "[^/]"}
"""The regular expression of a class without members, by whether it is negated: nothing, or every character but `/`."""


def outside(paths: Iterable[str], scope: Scope) -> tuple[str, ...]:
    """The paths that the scope does not cover, sorted; empty when all of them may be changed."""
    stray = [path for path in paths if not covered(path, scope)]
    return tuple(sorted(stray))


def covered(path: str, scope: Scope) -> bool:
    """Whether a path may be changed.

    What is forbidden stays forbidden, even when it is also allowed. A scope that allows nothing by name
    allows everything.
    """
    if _matches_any(path, scope.forbidden):
        return False

    if not scope.allowed:
        return True

    return _matches_any(path, scope.allowed)


def _matches_any(path: str, globs: Iterable[str]) -> bool:
    """Whether a path matches one of these globs at least; never without globs."""
    for glob in globs:
        if matches(path, glob):
            return True

    return False


def matches(path: str, glob: str) -> bool:
    """Whether a path, relative to the root of the repository, matches a glob.

    The whole path must match, and case counts. A glob that ends in `/`, or in a part without wildcards, covers the folder
    of that name.
    An escaped byte (`model.path_text`) is one character.
    """
    return _pattern(characters_of(glob)).fullmatch(characters_of(path)) is not None


@lru_cache(maxsize=512)
def _pattern(glob: str) -> re.Pattern[str]:
    """The regular expression of a glob, kept because a scope is asked about every changed path."""
    if glob.endswith("/"):
        glob += "**"

    parts = [WILDCARDS.get(token) or _literal(token) for token in re.split(PIECE, glob)]
    if not is_literal(glob.rpartition("/")[2]):
        return re.compile("".join(parts), re.DOTALL)

    return re.compile("".join(parts) + "(?:/.*)?", re.DOTALL)


def _literal(token: str) -> str:
    """The regular expression of a token that is no wildcard.

    A class never matches `/`; anything else stands for itself.
    """
    found = re.fullmatch(CLASS, token)
    if found is None:
        return re.escape(token)

    return _class(found["inside"], negated=bool(found["negated"]))


def _class(inside: str, *, negated: bool) -> str:
    """The regular expression of a class with these members, which never matches `/`.

    A class without members, such as one of a range that runs backwards, matches nothing; negated, it
    matches everything.
    """
    members = ""
    for member in re.findall(MEMBER, inside):
        members += _member(*member)

    if not members:
        return EMPTY_CLASSES[negated]

    if negated:
        return f"(?!/)[^{members}]"

    return f"(?!/)[{members}]"


def _member(first: str, last: str, single: str) -> str:
    """One member of a class, escaped.

    A range that runs backwards contains nothing, as in a shell.
    """
    if single:
        return re.escape(single)

    if first > last:
        return ""

    return f"{re.escape(first)}-{re.escape(last)}"
