"""Write scopes: lists of globs as people write them, and what makes one unusable."""

from __future__ import annotations


def glob_fault(glob: str) -> str:
    """Why a glob cannot be a write scope, or an empty string when it can. Globs are relative to the repository's root."""
    parts = glob.split("/")
    if not glob:
        return "is empty"
    if any(ord(char) < 32 or ord(char) == 127 for char in glob):
        return "holds a control character"
    for sign, why in (
        ("\\", "holds a backslash"),
        ("{", "holds braces; write one glob for each"),
        (":", "holds a colon"),
    ):
        if sign in glob:
            return why
    if glob[0] in "/~":
        return "must be relative to the repository's root"
    if glob[0] in "!-":
        return f"must not begin with {glob[0]}"
    if ".." in parts:
        return "leaves the repository"
    if parts[0].lower() == ".git":
        return "must not name git's own directory"
    if any("**" in part and part != "**" for part in parts):
        return "may use ** only as a whole part of the path"
    return "has a [ without its ]" if _unbalanced(glob) else ""


def split_globs(value: str) -> tuple[str, ...]:
    """The globs of a `Scope:` line: separated by commas or blanks, each in backticks if one likes."""
    pieces: list[str] = []
    for number, piece in enumerate(value.replace("\\*", "*").replace("\\_", "_").split("`")):
        quoted = number % 2 == 1
        pieces += [piece] if quoted else piece.replace(",", " ").split()
    return tuple(piece for piece in pieces if piece)


def _unbalanced(glob: str) -> bool:
    inside = False
    for char in glob:
        if char == "[" and not inside:
            inside = True
        elif char == "]":
            if not inside:
                return True
            inside = False
    return inside
