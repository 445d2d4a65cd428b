"""A change to files, line by line, as a reviewer reads it."""

from __future__ import annotations

from gitorch.model.values import Value


class PatchLine(Value):
    """One line of a hunk."""

    sign: str
    """`+` for a new line, `-` for one that is gone, a blank for one that stayed, `\\` for git's remark about a missing line end."""
    old: int
    """Its number before the change; 0 where it had none."""
    new: int
    """Its number after the change; 0 where it has none."""
    text: str


class Hunk(Value):
    """Lines that stand together."""

    heading: str
    """What git prints between the places and the lines: the function around them, if it found one."""
    lines: tuple[PatchLine, ...]


class FilePatch(Value):
    """The change to one file."""

    path: str
    before: str = ""
    """The path of a renamed file before."""
    notes: tuple[str, ...] = ()
    """What git says beside the lines: a new or deleted file, a changed mode, a binary file."""
    hunks: tuple[Hunk, ...] = ()
    added: int = 0
    removed: int = 0
