"""Text from outside made visible: nothing in it moves a cursor, colours, rings, hides or reorders."""

from __future__ import annotations

import re

from gitorch.model.path_text import without_surrogates

INVISIBLE = (
    "\x7f-\x9f"  # DEL and C1, which begin sequences as ESC does
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # bidirectional marks, overrides and isolates
    "\u2028\u2029"  # line and paragraph separators
    "\ufeff\ufff9-\ufffb"  # byte order mark, annotations
    "\ud800-\udfff"  # halves of characters, which no encoding can write
)
_UNSAFE = f"[\x00-\x08\x0b-\x1f{INVISIBLE}]"
"""What no terminal may receive from outside: every control character but tab and line feed, and characters that reorder text."""

_LAYOUT = {ord("\n"): None, ord("\t"): None}


def is_safe(text: str) -> bool:
    """Whether a text has nothing that a terminal must not receive."""
    # Unsafe characters are unprintable. This test spares most verbs the 2 ms of compiling the pattern.
    if text.translate(_LAYOUT).isprintable():
        return True

    return re.search(_UNSAFE, text) is None


def safe_text(text: str) -> str:
    """Text from outside, of one or many lines, in which nothing moves a cursor, colours, rings or hides."""
    if is_safe(text):
        return text

    return re.sub(_UNSAFE, "�", without_surrogates(text).replace("\r\n", "\n"))
