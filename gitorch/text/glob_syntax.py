"""Globs as people write them: which ones may be a write scope or a path, and how a line is split into them."""

from __future__ import annotations

import re

_FAULTS = (
    (re.compile(r"\A\Z"), "is empty"),
    (re.compile(r"[\x00-\x1f\x7f]"), "contains a control character"),
    (re.compile(r"\\(?!x(?:5c|[89a-f][0-9a-f]))"), "contains a backslash"),
    (re.compile(r"\{"), "contains braces; write one glob for each"),
    (re.compile(r":"), "contains a colon"),
    (re.compile(r"\A[/~]"), "must be relative to the repository's root"),
    (re.compile(r"\A!"), "must not begin with !"),
    (re.compile(r"\A-"), "must not begin with -"),
    (re.compile(r"(?:\A|/)\.\.(?:/|\Z)"), "leaves the repository"),
    (re.compile(r"(?i)\A\.git(?:/|\Z)"), "must not name git's own directory"),
    (re.compile(r"[^/]\*\*|\*\*[^/]"), "may use ** only as a whole part of the path"),
    (re.compile(r"\A(?!(?:[^\[\]]|\[[^\]]*\])*\Z)"), "has a [ or ] without its counterpart"),
)
"""What a glob must not contain; the first fault is reported."""


def glob_fault(glob: str) -> str:
    """Why a glob cannot be a write scope, or an empty string when it can.

    The text goes on after the glob: `contains a colon`. Globs are relative to the repository's root.
    """
    for pattern, fault in _FAULTS:
        if pattern.search(glob):
            return fault

    return ""


def split_globs(line: str) -> tuple[str, ...]:
    """The globs of a `Scope:` line, in its order.

    They are separated by commas or blanks; one in backticks may contain both. Markdown's escapes of `*` and `_` are undone.
    """
    globs: list[str] = []
    for number, piece in enumerate(line.replace("\\*", "*").replace("\\_", "_").split("`")):
        is_quoted = number % 2 == 1
        if is_quoted:
            globs.append(piece)
        else:
            globs += piece.replace(",", " ").split()

    return tuple(glob for glob in globs if glob)
