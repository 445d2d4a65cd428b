"""Text in columns of a terminal: how wide it is, cut, padded, and freed of what would move a cursor."""

from __future__ import annotations

import re
from functools import lru_cache

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but tab and line feed, those that turn the direction of writing, and halves of characters."""

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"


def safe_text(text: str) -> str:
    """Text from outside, of one or many lines, in which nothing moves a cursor, colours, rings or hides."""
    return _UNSAFE.sub("�", text.replace("\r\n", "\n")) if _UNSAFE.search(text) else text


def safe_line(text: str) -> str:
    """The same on one line: every run of blanks and line ends is one blank."""
    return " ".join(safe_text(text).split())


@lru_cache(maxsize=2048)
def _character_width(character: str) -> int:
    from unicodedata import category, east_asian_width

    if category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1


def _clusters(text: str) -> list[tuple[str, int]]:
    """What stands in one place: a character with its marks, or emoji that are joined to one; each with its columns."""
    found: list[tuple[str, int]] = []
    joined = False
    for character in text:
        columns = _character_width(character)
        if found and (columns == 0 or (joined and columns == found[-1][1] == 2)):
            before, wide = found[-1]
            found[-1] = (before + character, 2 if character == _EMOJI_STYLE else wide)
        else:
            found.append((character, columns))
        joined = character == _JOINER
    return found


def width(text: str) -> int:
    """The columns that this text takes, as terminals count them."""
    return len(text) if text.isascii() else sum(columns for _, columns in _clusters(text))


def cut(text: str, columns: int) -> str:
    """The text in at most so many columns; where something is left out, it ends in `…`."""
    if width(text) <= columns:
        return text
    kept, left = "", columns - 1
    for cluster, wide in _clusters(text):
        if wide > left:
            break
        kept, left = kept + cluster, left - wide
    return f"{kept.rstrip()}…" if columns > 0 else ""


def pad(text: str, columns: int) -> str:
    """The text in exactly so many columns."""
    shown = cut(text, columns)
    return shown + " " * (columns - width(shown))
