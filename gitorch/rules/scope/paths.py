"""Paths that may be handed in: inside the worktree, the same on every file system, and nothing of git's own."""

from __future__ import annotations

import re
import unicodedata

GITS_OWN = frozenset({".git", "git~1"})
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
"""Characters that some file systems leave out of names, so that `.g<200c>it` is `.git` there."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


def path_fault(path: str) -> str:
    """Why a path cannot be that of an artifact; empty when it can."""
    if not path:
        return "is empty"
    if path.startswith(("/", "~")) or re.match("[A-Za-z]:", path):
        return "is not relative to the worktree"
    if odd_characters(path):
        return "holds a control character or a backslash"
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "holds an empty part, `.` or `..`"
    return "leads into git's own folder" if gits_own(path) else ""


def gits_own(path: str) -> bool:
    """Whether some file system takes a part of the path for git's own folder."""
    parts = (folded(part) for part in path.split("/"))
    return any(part.rstrip(". ") in GITS_OWN or part.startswith(".git:") for part in parts)


def odd_characters(path: str) -> bool:
    """Whether a path holds a control character, or a backslash, which parts folders elsewhere."""
    return _CONTROL.search(path) is not None


def folded(name: str) -> str:
    """What a file system may take a name for: without case, composition, or characters that it ignores."""
    return unicodedata.normalize("NFC", _IGNORED.sub("", unicodedata.normalize("NFD", name)).casefold())


def collision(name: str, beside: tuple[str, ...]) -> str:
    """The other name in a folder that some file systems cannot tell from this one; empty when there is none."""
    return next((other for other in beside if other != name and folded(other) == folded(name)), "")
