"""Text in columns of a terminal: measure it, cut it, pad it, and remove control characters."""

from __future__ import annotations

import re
from functools import lru_cache

from gitorch.text.visible import INVISIBLE, is_safe, safe_text

# Patterns are text: `re` compiles each at its first use, and most verbs use none.
_UNSAFE_IN_JSON = f"[{INVISIBLE}]"
"""The same of a finished line of JSON, in which `json` has escaped C0 already."""

_OWN_COLOUR = "(\x1b\\[(?:0|1|2|31|32|33|36)m)"
"""What `Page.paint` writes: one of its codes, or the reset."""

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"


def safe_page(text: str) -> str:
    """The same for text that a page has painted: its own colours stay."""
    if is_safe(text):
        return text

    parts = re.split(_OWN_COLOUR, text)
    parts[::2] = [safe_text(part) for part in parts[::2]]  # every second part is a colour
    return "".join(parts)


def safe_json(line: str) -> str:
    """A finished line of JSON with every character escaped that a terminal or a reader of lines could act on."""
    if line.isprintable():
        return line

    return re.sub(_UNSAFE_IN_JSON, _escape, line)


def _escape(found: re.Match[str]) -> str:
    """The escape that stands for a character that must not reach a terminal."""
    return f"\\u{ord(found.group()):04x}"


def safe_line(text: str) -> str:
    """The same on one line: every run of blanks and line ends is one blank."""
    return " ".join(safe_text(text).split())


@lru_cache(maxsize=2048)
def _character_width(character: str) -> int:
    """The columns of one character: none for a combining or format character, two for a wide one."""
    from unicodedata import category, east_asian_width

    if category(character) in {"Mn", "Me", "Cf"}:
        return 0

    if east_asian_width(character) in {"W", "F"}:
        return 2

    return 1


def _clusters(text: str) -> list[tuple[str, int]]:
    """The characters that share a place, each with its columns: a base and its marks, or a joined emoji sequence."""
    found: list[tuple[str, int]] = []
    joined = False

    for character in text:
        columns = _character_width(character)
        if found and _belongs_to(found[-1][1], columns, joined=joined):
            before, columns_before = found[-1]
            if character == _EMOJI_STYLE:
                columns_before = 2

            found[-1] = (before + character, columns_before)
        else:
            found.append((character, columns))

        joined = character == _JOINER

    return found


def _belongs_to(columns_before: int, columns: int, *, joined: bool) -> bool:
    """Whether a character shares the place before it: it has no width of its own, or a joiner ties two wide ones."""
    if columns == 0:
        return True

    if not joined:
        return False

    if columns != 2:
        return False

    return columns_before == 2


def width(text: str) -> int:
    """The columns that this text takes, as terminals count them."""
    if text.isascii():
        return len(text)

    return sum(columns for _, columns in _clusters(text))


def cut(text: str, columns: int) -> str:
    """The text in at most this number of columns; a cut text ends in `…`."""
    if width(text) <= columns:
        return text

    if columns <= 0:
        return ""

    return _kept(text, columns)


def _kept(text: str, columns: int) -> str:
    """As many whole characters as fit before the mark of the cut."""
    kept, left = "", columns - 1
    for cluster, cluster_columns in _clusters(text):
        if cluster_columns > left:
            break

        kept += cluster
        left -= cluster_columns

    return f"{kept.rstrip()}…"


def pad(text: str, columns: int) -> str:
    """Pad or truncate a text to exactly this many columns."""
    shown = cut(text, columns)
    return shown + " " * (columns - width(shown))
