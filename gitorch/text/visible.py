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
UNSAFE = re.compile(f"[\x00-\x08\x0b-\x1f{INVISIBLE}]")
"""What no terminal may receive from outside: every control character but tab and line feed, and characters that reorder text."""


def safe_text(text: str) -> str:
    """Text from outside, of one or many lines, in which nothing moves a cursor, colours, rings or hides."""
    if UNSAFE.search(text) is None:
        return text

    return UNSAFE.sub("�", without_surrogates(text).replace("\r\n", "\n"))
