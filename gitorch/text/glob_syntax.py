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

_COMMENT = re.compile(r"(?:^|(?<=\s))\([^()]*\)")
_DASH = re.compile(r"(?:^|\s)(?:—|–|--?)(?=\s|$)")
_DOUBLE_QUOTED = re.compile(r'`[^`]*`|"[^"`]*"|“[^“”`]*”')
"""What quotes enclose; what stands in backticks first, so that a quote in a file's name ends nothing."""
_FULL_STOP = re.compile(r"(?<=[\w*/])\.\Z")
_HERE = re.compile(r"\A(?:\./)+")
_JOINTS = frozenset({"and", "&", "+", "or", "plus"})


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

    They are separated by commas or blanks; one in backticks or double quotes may contain both. Markdown's escapes of `*` and `_` are undone.
    Words that join globs, and comments in brackets or behind a dash, are left out. `./` at the beginning is dropped, and a
    slash at the end means everything in that folder.
    """
    globs: list[str] = []
    unescaped = line.replace("\\*", "*").replace("\\_", "_")
    for number, piece in enumerate(_DOUBLE_QUOTED.sub(_in_backticks, unescaped).split("`")):
        is_quoted = number % 2 == 1
        if is_quoted:
            globs.append(piece)
            continue

        behind = piece
        if number:
            behind = piece.lstrip(".,;:")
        uncommented, dash, _ = _DASH.sub("\0", _COMMENT.sub(" ", behind), count=1).partition("\0")
        globs += _unquoted(uncommented)
        if dash:
            break

    return tuple(as_glob(glob) for glob in globs if glob)


def _in_backticks(found: re.Match[str]) -> str:
    """A quoted glob in backticks, whichever quotes it has."""
    return f"`{found[0][1:-1]}`"


def _unquoted(text: str) -> list[str]:
    """The globs of a text without backticks, without the words that join them and without a full stop at the end."""
    globs: list[str] = []
    for word in text.replace(",", " ").replace(";", " ").split():
        if word.lower() not in _JOINTS:
            globs.append(_FULL_STOP.sub("", word))

    return globs


def as_glob(text: str) -> str:
    """A glob without `./` before it; a folder, written with a slash at its end, means everything in it, and so does `.`."""
    glob = _HERE.sub("", text)
    if glob in {"", "."}:
        return "**"
    if glob.endswith("/") and glob != "/":
        return f"{glob}**"

    return glob
