"""Patches as git prints them, read into files, hunks and lines. What is no patch becomes a note; nothing is dropped."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from gitorch.model.path_text import text_of
from gitorch.model.values import replace
from gitorch.model.work.patch import FilePatch, Hunk, PatchLine

if TYPE_CHECKING:
    from collections.abc import Iterator

START = "diff --git "
_PLACES = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_ESCAPE = re.compile(rb'\\([0-7]{3}|["\\abfnrtv])')
_LETTERS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_UNSPOKEN = ("index ", "similarity index ", "dissimilarity index ", "--- ", "+++ ", "rename from ", "rename to ")


def read_patch(text: str) -> tuple[FilePatch, ...]:
    """The files of a patch, in its order. Empty for a text without any."""
    files: list[FilePatch] = []
    for part in _parts(text):
        files.append(_file(part))
    return tuple(files)


def _parts(text: str) -> Iterator[list[str]]:
    """The lines of each file. Only a line feed ends a line: a carriage return belongs to it."""
    part: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith(START):
            if part:
                yield part
            part = []
        if part or line.startswith(START):
            part.append(line)
    if part:
        yield part


def _file(lines: list[str]) -> FilePatch:
    """One file: the lines before its first hunk, then its hunks."""
    first = len(lines)
    for number, line in enumerate(lines):
        if line.startswith("@@ "):
            first = number
            break

    found = _head(lines[:first])
    hunks = tuple(_hunks(lines[first:]))
    signs: list[str] = []
    for hunk in hunks:
        for line_of_hunk in hunk.lines:
            signs.append(line_of_hunk.sign)
    return replace(found, hunks=hunks, added=signs.count("+"), removed=signs.count("-"))


def _head(lines: list[str]) -> FilePatch:
    """The names of a file and git's notes about it."""
    named = {"--- ": "", "+++ ": "", "rename from ": "", "rename to ": ""}
    notes: list[str] = []
    for line in lines[1:]:
        for start in named:
            if line.startswith(start):
                named[start] = _name(line.removeprefix(start))
        if not line.startswith(_UNSPOKEN):
            notes.append(line)

    new, old = _without_side(named["+++ "], "b/"), _without_side(named["--- "], "a/")
    path = named["rename to "] or new or old or _name_in_start(lines[0])
    return FilePatch(path, named["rename from "], tuple(notes))


def _without_side(name: str, side: str) -> str:
    """A name without git's `a/` or `b/`; empty for a file that is not there on that side."""
    if name == "/dev/null":
        return ""
    return name.removeprefix(side)


def _name_in_start(line: str) -> str:
    """The name in `diff --git a/NAME b/NAME`, which is the same twice where no other line has it."""
    both = line.removeprefix(START)
    half = both[: len(both) // 2]
    return _without_side(_name(half), "a/")


def _name(written: str) -> str:
    """A name as git writes it: in quotes with octal bytes if it is unusual; a tab ends one with blanks."""
    if not written.startswith('"'):
        return written.partition("\t")[0]
    inner = written[1:].rpartition('"')[0]
    return text_of(_ESCAPE.sub(_byte, inner.encode("utf-8", "surrogateescape")))


def _byte(found: re.Match[bytes]) -> bytes:
    """The byte that an escape stands for."""
    code = found[1]
    if len(code) == 3:
        return bytes([int(code, 8) & 0xFF])
    return _LETTERS.get(code, code)


def _hunks(lines: list[str]) -> Iterator[Hunk]:
    """The hunks of one file. A hunk has exactly as many lines as its heading says, whatever they look like."""
    left = deque(lines)
    while left:
        places = _PLACES.fullmatch(left.popleft())
        if places is not None:
            old, new = int(places[1]), int(places[3])
            lines_old, lines_new = _count(places[2]), _count(places[4])
            yield Hunk(places[5], tuple(_hunk_lines(left, (old, new), (lines_old, lines_new))))


def _count(written: str | None) -> int:
    """The number of lines in a place: one when git leaves it out."""
    if written is None:
        return 1
    return int(written)


def _hunk_lines(left: deque[str], place: tuple[int, int], counts: tuple[int, int]) -> Iterator[PatchLine]:
    """The lines of one hunk with their numbers on both sides, taken from those that are left."""
    old, new = place
    end_old, end_new = old + counts[0], new + counts[1]
    while left:
        is_remark = left[0].startswith("\\")
        if old >= end_old and new >= end_new and not is_remark:
            return

        line = left.popleft()
        sign, text = line[:1], line[1:]
        if is_remark:
            yield PatchLine(sign, 0, 0, text.strip())
        elif sign == "+":
            yield PatchLine(sign, 0, new, text)
            new += 1
        elif sign == "-":
            yield PatchLine(sign, old, 0, text)
            old += 1
        else:
            yield PatchLine(" ", old, new, text)
            old += 1
            new += 1
