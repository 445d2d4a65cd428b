"""The board as lines: a heading for each state, below it one line for each row, as wide as the screen.

What explains a row has room first: age, title and the names of reviews give way before its reason is cut.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from gitorch.cli.pages.cells import cut, pad, safe_line, width
from gitorch.cli.pages.page import duration
from gitorch.model.values import Value
from gitorch.model.view import EpicRow, PlainState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import Moment
    from gitorch.model.view import ReviewMark

STYLES = {
    PlainState.WAITING: "bold yellow",
    PlainState.WORKING: "cyan",
    PlainState.REVIEWING: "cyan",
    PlainState.QUEUED: "dim",
    PlainState.DONE: "green",
    PlainState.FAILED: "bold red",
}

GLYPHS = {
    "to come": "·",
    "at work": "●",
    "accepted": "✓",
    "wants changes": "✗",
    "waits for you": "?",
    "failed": "!",
}
"""One column for each word of a review; the details name the word, and the help explains the signs."""

GLYPH_STYLES = {
    "accepted": "green",
    "wants changes": "red",
    "waits for you": "yellow",
    "failed": "red",
    "at work": "cyan",
}

NAMES_FROM = 110
"""The width from which on reviews are named beside their signs."""

TITLE_FROM = 150
"""The width from which on titles are shown."""

AGE_FROM = 60
ID_MAX = 28
TITLE_MAX = 36
REASON_MIN = 24
TWO_COLUMNS_FROM = 16
"""The width below which a row has room for its name alone."""

AGE_COLUMNS = 6
MARKER = "▌"
GAP = 2


class BoardLine(Value):
    """One line of the board: the heading of a state, or the row of an epic."""

    state: PlainState
    count: int
    """How many rows are in this state."""

    row: int | None
    """The number of the row among all rows; None for a heading."""


class Columns(Value):
    """The widths of a row's columns; 0 for a column that has no room."""

    is_alone: bool
    """Whether all rows are of one run."""

    name: int
    title: int
    reviews: int
    are_named: bool
    """Whether reviews have their names beside their signs."""

    age: int
    reason: int


def plan_lines(rows: Sequence[EpicRow]) -> list[BoardLine]:
    """What stands on each line of the board."""
    lines: list[BoardLine] = []
    number = 0
    for state, group in groupby(rows, key=_state_of):
        count = len(tuple(group))
        lines.append(BoardLine(state, count, None))
        for _ in range(count):
            lines.append(BoardLine(state, count, number))
            number += 1

    return lines


def _state_of(row: EpicRow) -> PlainState:
    """The state of a row, by which rows are grouped."""
    return row.state


def heading_text(line: BoardLine, columns: int) -> Text:
    """`WAITING FOR YOU  2`."""
    text = Text()
    text.append(cut(f"{line.state.upper()}  {line.count}", columns), style=STYLES[line.state])
    return text


def columns_of(rows: Sequence[EpicRow], columns: int) -> Columns:
    """The widths for these rows on a screen of this width."""
    are_named = columns >= NAMES_FROM
    is_alone = len({row.run for row in rows}) < 2
    room = columns - GAP
    if columns >= TWO_COLUMNS_FROM:
        room = columns // 3

    name = min(ID_MAX, _widest([name_of(row, is_alone=is_alone) for row in rows]), max(room, 1))
    reviews = _widest([reviews_text(row.reviews, are_named=are_named).plain for row in rows])
    title = 0
    if columns >= TITLE_FROM:
        title = min(TITLE_MAX, _widest([safe_line(row.title) for row in rows]))

    age = 0
    if columns >= AGE_FROM:
        age = AGE_COLUMNS

    reason = columns - GAP - _taken(name) - _taken(title) - _taken(reviews) - _taken(age)
    if reason < REASON_MIN:
        reason += _taken(reviews) + _taken(age)
        reviews = age = 0

    return Columns(is_alone, name, title, reviews, are_named, age, max(reason, 0))


def _widest(texts: Sequence[str]) -> int:
    """The columns of the widest text; 0 without any."""
    return max(map(width, texts), default=0)


def _taken(column: int) -> int:
    """The room that a column takes with the gap beside it."""
    if column:
        return column + GAP

    return 0


def name_of(row: EpicRow, *, is_alone: bool) -> str:
    """How a row is called: beside rows of other runs with its run."""
    if row.job is None and is_alone:
        return "the run"

    if row.job is None or is_alone:
        return safe_line(row.id)

    return safe_line(f"{row.run} {row.id}")


def reviews_text(reviews: Sequence[ReviewMark], *, are_named: bool) -> Text:
    """The reviews of an epic: one sign each, with its name where there is room."""
    text = Text()
    for mark in reviews:
        if are_named and text:
            text.append(" ")

        if are_named:
            text.append(f"{safe_line(mark.name)} ", style="dim")

        text.append(GLYPHS[mark.word], style=GLYPH_STYLES.get(mark.word, "dim"))

    return text


def row_text(row: EpicRow, widths: Columns, now: Moment, *, is_selected: bool) -> Text:
    """One row. The selected one is marked by a sign and by weight, so that it is found without colours too."""
    text = Text()
    marker, weight = "  ", ""
    if is_selected:
        marker, weight = f"{MARKER} ", "bold"

    text.append(marker, style=STYLES[row.state])
    text.append(pad(name_of(row, is_alone=widths.is_alone), widths.name), style=weight)
    if widths.title:
        text.append("  " + pad(safe_line(row.title), widths.title), style="dim")

    if widths.reviews:
        text.append("  ")
        text.append_text(_padded(reviews_text(row.reviews, are_named=widths.are_named), widths.reviews))

    reason = _reason(row)
    if width(reason) > widths.reason:
        # What explains the row is not cut before its age is.
        text.append("  " + cut(reason, widths.reason + _taken(widths.age)), style=_reason_style(row))
        return text

    text.append("  " + pad(reason, widths.reason), style=_reason_style(row))
    if widths.age:
        text.append(f"  {age_of(row, now):>{widths.age}}", style="dim")

    return text


def _padded(text: Text, columns: int) -> Text:
    """The text with blanks behind it."""
    text.append(" " * max(0, columns - width(text.plain)))
    return text


def _reason(row: EpicRow) -> str:
    """Why the row is in its state, after the round where there were several."""
    reason = safe_line(row.reason)
    if row.attempt > 1 and "round" not in reason and not row.questions:
        return f"round {row.attempt} of {row.rounds_allowed}: {reason}"

    return reason


def _reason_style(row: EpicRow) -> str:
    """What waits for a person stands out; what is over or to come stands back."""
    if row.state in {PlainState.QUEUED, PlainState.DONE}:
        return "dim"

    return ""


def age_of(row: EpicRow, now: Moment) -> str:
    """How long the row has been in its state; empty for what is over, and if nobody knows."""
    if row.since is None or row.state in {PlainState.DONE, PlainState.FAILED}:
        return ""

    return duration((now - row.since) / 1000)
