"""A list of choices without numbers, as a screen shows it: a mark beside one row, and the others below and above it."""

from __future__ import annotations

import re

from gitorch.model.values import Value

MARKS = "❯›●>"
MARKED = rf"^ *[{MARKS}]"
ROWS = rf"^(?P<indent> *)[{MARKS} ] \S.*(?:\n(?P=indent)[{MARKS} ] \S.*)+"
"""Rows below each other whose texts begin in the same column, each with a mark or a space before it."""

ROWS_BELOW_MAX = 4
"""The most rows with text below a list: what the keys do, and the bottom of its frame."""

CONFIRMS = r"\b[Ee]nter to \w"
"""What stands somewhere below such a list. Without it, a marked row may be a prompt with lines that somebody typed."""

FRAME_TO_SPACE = str.maketrans("│┃|", "   ")


class UnnumberedList(Value):
    """The rows of a list from top to bottom, and what stands above them."""

    texts: tuple[str, ...]
    selected: int
    above: str


def unnumbered_list(screen: str) -> UnnumberedList | None:
    """The list at the end of a screen; None without one, and for rows of which not exactly one is marked.

    A choice that is broken over two rows counts as two, since nothing tells them apart. The second one can never be selected.
    """
    text = screen.translate(FRAME_TO_SPACE)
    for found in re.finditer(ROWS, text, re.MULTILINE):
        rows = found[0].splitlines()
        marked = [place for place, row in enumerate(rows) if re.match(MARKED, row)]
        if len(marked) == 1 and _ends_a_list(text[found.end() :]):
            texts = tuple(row.strip(MARKS + " ") for row in rows)
            return UnnumberedList(texts, marked[0], text[: found.start()])

    return None


def _ends_a_list(below: str) -> bool:
    """Whether these rows are all that stands below a list: few, and one says what Enter does.

    They are counted, since a pattern over rows full of spaces would try every way to divide the spaces, for half a minute.
    """
    rows = [row for row in below.splitlines() if row.strip()]
    return 1 <= len(rows) <= ROWS_BELOW_MAX and re.search(CONFIRMS, below) is not None
