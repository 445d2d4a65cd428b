"""Write scopes: which paths a job may change. `**` spans folders, `*` and `?` stay within one, case counts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.workflow import Scope


def outside(paths: Iterable[str], scope: Scope) -> tuple[str, ...]:
    """The paths that the scope does not cover: not allowed where anything is, or forbidden. Sorted."""
    return tuple(sorted(p for p in paths if not covered(p, scope)))


def covered(path: str, scope: Scope) -> bool:
    """Whether one path may be changed."""
    allowed = not scope.allowed or any(matches(path, glob) for glob in scope.allowed)
    return allowed and not any(matches(path, glob) for glob in scope.forbidden)


def matches(path: str, glob: str) -> bool:
    """Whether a path, from the root of the repository, matches a glob. A glob that ends in `/` covers the folder."""
    return _pattern(glob).fullmatch(path) is not None


@lru_cache(maxsize=512)
def _pattern(glob: str) -> re.Pattern[str]:
    if glob.endswith("/"):
        glob += "**"
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[!^]?[^\]/]+\])", glob)
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meanings.get(part) or _literal(part) for part in parts), re.DOTALL)


def _literal(part: str) -> str:
    """A class such as `[a-z]` keeps its meaning, with `!` or `^` for not, and never spans folders; all else is itself."""
    found = re.fullmatch(r"\[(?P<no>[!^](?!\]))?(?P<inside>[^\]/]+)\]", part)
    if found is None:
        return re.escape(part)
    members = re.findall(r"(.)-(.)|(.)", found["inside"], re.DOTALL)
    inside = "".join(re.escape(one) or _range(first, last) for first, last, one in members)
    if not inside:
        return "[^/]" if found["no"] else "(?!)"
    return f"(?!/)[{'^' if found['no'] else ''}{inside}]"


def _range(first: str, last: str) -> str:
    """A range of a class; one that runs backwards holds nothing."""
    return f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""
