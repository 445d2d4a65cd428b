"""Globs as people write them: which ones may be a write scope or a path, and how a line is split into them."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FORBIDDEN = {
    "\\": "contains a backslash",
    "{": "contains braces; write one glob for each",
    ":": "contains a colon",
}


def glob_fault(glob: str) -> str:
    """Why a glob cannot be a write scope, or an empty string when it can. Globs are relative to the repository's root."""
    if not glob:
        return "is empty"
    return _characters_fault(glob) or _path_fault(glob.split("/"))


def _characters_fault(glob: str) -> str:
    if _CONTROL.search(glob):
        return "contains a control character"
    for character, fault in _FORBIDDEN.items():
        if character in glob:
            return fault
    if glob.startswith(("/", "~")):
        return "must be relative to the repository's root"
    if glob.startswith(("!", "-")):
        return f"must not begin with {glob[0]}"
    if not _brackets_are_balanced(glob):
        return "has a [ or ] without its counterpart"
    return ""


def _path_fault(parts: list[str]) -> str:
    if ".." in parts:
        return "leaves the repository"
    if parts[0].lower() == ".git":
        return "must not name git's own directory"
    for part in parts:
        if "**" in part and part != "**":
            return "may use ** only as a whole part of the path"
    return ""


def _brackets_are_balanced(glob: str) -> bool:
    inside = False
    for character in glob:
        if character == "]" and not inside:
            return False
        if character == "[":
            inside = True
        if character == "]":
            inside = False
    return not inside


def split_globs(line: str) -> tuple[str, ...]:
    """The globs of a `Scope:` line: separated by commas or blanks, with or without backticks."""
    globs: list[str] = []
    for number, piece in enumerate(line.replace("\\*", "*").replace("\\_", "_").split("`")):
        is_quoted = number % 2 == 1
        if is_quoted:
            globs.append(piece)
        else:
            globs += piece.replace(",", " ").split()
    return tuple(glob for glob in globs if glob)
