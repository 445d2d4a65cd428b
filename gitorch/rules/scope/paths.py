"""Paths that may be published: inside the worktree, the same on every file system, and never git's own."""

from __future__ import annotations

import re
import unicodedata

GITS_OWN = frozenset({".git", "git~1"})
"""The names of git's own folder; the second one is its short name on Windows."""

_IGNORED = "[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]"
"""Characters that some file systems ignore in names, so that `.g<200c>it` is `.git` there."""

_SEPARATORS = r"[/\\]"
"""The slash, and the backslash, which separates folders on Windows."""


def path_fault(path: str) -> str:
    """Why a path cannot be that of an artifact; empty when it can.

    The answer completes a sentence that begins with the path, and names the first fault only.
    """
    if not path:
        return "is empty"

    if _is_absolute(path):
        return "is not relative to the worktree"

    return _fault_of_parts(path)


def _fault_of_parts(path: str) -> str:
    """Why the parts of a relative path are no path of an artifact; empty when they are."""
    if "\0" in path:
        return "contains a NUL, which no name can hold"

    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        return "contains an empty part, `.` or `..`"

    if leads_elsewhere(path):
        return "leads elsewhere where a backslash separates folders"

    if is_gits_own(path):
        return "leads into git's own folder"

    return ""


def _is_absolute(path: str) -> bool:
    """Whether some system takes the path for one that does not begin in the worktree."""
    # `~` is a home folder to a shell.
    if path.startswith(("/", "~")):
        return True

    # `c:` is a drive on Windows.
    return re.match("[A-Za-z]:", path) is not None


def is_gits_own(path: str) -> bool:
    """Whether some file system takes a part of the path for git's own folder, whatever its case."""
    return any(_is_gits_own_name(folded(part)) for part in re.split(_SEPARATORS, path))


def _is_gits_own_name(name: str) -> bool:
    """Whether some file system takes this name, which is already folded, for git's own folder."""
    # Windows ignores dots and blanks at the end of a name.
    if name.rstrip(". ") in GITS_OWN:
        return True

    # There, `:` begins the name of a stream in the same folder.
    return name.startswith(".git:")


def leads_elsewhere(path: str) -> bool:
    """Whether a path goes up where a backslash separates folders, as on Windows. A path with slashes alone does not."""
    return "\\" in path and ".." in re.split(_SEPARATORS, path)


def folded(name: str) -> str:
    """The name as some file system may read it: without case, composition, or ignored characters.

    Two names with the same folded form may be one file there.
    """
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", re.sub(_IGNORED, "", decomposed).casefold())


def collision(name: str, beside: tuple[str, ...]) -> str:
    """Another name in the same folder that some file system cannot tell from this one.

    Empty when there is none. `beside` are the names in that folder; the same spelling among them is the
    same file.
    """
    wanted = folded(name)
    for other in beside:
        # The same spelling is the same file, which is no collision.
        if other == name:
            continue

        if folded(other) == wanted:
            return other

    return ""
