"""The page for people: optional colours, tables that fit, times as ages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.pages.cells import cut, pad, safe_line, width
from gitorch.model.values import Value
from gitorch.text.visible import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitorch.model.ids import Moment

GAP = "  "
LABEL_COLUMNS = 9
COLUMN_MIN = 8
"""The columns that are left of a column that gives way."""

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

PHASE_COLOURS = {
    "completed": "green",
    "running": "cyan",
    "claimed": "cyan",
    "submitted": "cyan",
    "waiting_human": "yellow",
    "paused": "yellow",
    "stale": "yellow",
    "failed": "red",
    "blocked": "dim",
    "canceled": "dim",
    "skipped": "dim",
}
"""Of jobs and runs. Other phases have the terminal's own colour."""


class Cell(Value):
    """A text in a table, with its colour. The table makes it safe."""

    text: str
    colour: str = ""


class Page(Value):
    """The page that text is written for, and the time of writing, which ages are counted from."""

    width: int
    """Columns; 0 means that nothing is cut."""

    colours: bool
    now: Moment

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour of `CODES`; unchanged on a page without colours."""
        if not (self.colours and colour and text):
            return text

        return f"\x1b[{CODES[colour]}m{text}\x1b[0m"

    def line(self, text: str, colour: str = "") -> str:
        """One safe line, cut to the page; blanks stay as they are."""
        return self.paint(self._fitted(_one_line(text)), colour)

    def folded(self, text: str, indent: int, lines_max: int) -> list[str]:
        """The text on at most this number of lines: broken between words, all but the first indented, the last one cut."""
        first, *words = _one_line(text).split(" ")
        lines = [first]

        for word in words:
            longer = f"{lines[-1]} {word}"
            if len(lines) == lines_max or self._has_room(longer):
                lines[-1] = longer
            else:
                lines.append(f"{' ' * indent}{word}")

        return [self._fitted(line) for line in lines]

    def _has_room(self, text: str) -> bool:
        """Whether a text fits on a line; always without a limit."""
        return not self.width or width(text) <= self.width

    def _fitted(self, text: str) -> str:
        """The text, cut to the width of the page."""
        if not self.width:
            return text

        return cut(text, self.width)

    def table(self, rows: Sequence[Sequence[Cell | str]], shrinks: Sequence[int] = (), indent: int = 0) -> list[str]:
        """Lines with aligned columns. The columns in `shrinks` give way in this order; empty ones vanish."""
        cells = [_safe_cells(row) for row in rows]
        if not cells:
            return []

        widths = [_widest(cells, column) for column in range(len(cells[0]))]
        self._squeeze(widths, shrinks, indent)
        return [self._row(row, widths, indent) for row in cells]

    def _squeeze(self, widths: list[int], shrinks: Sequence[int], indent: int) -> None:
        """Make columns narrower, none below COLUMN_MIN, until the table fits the page."""
        if not self.width:
            return

        used = []
        for columns in widths:
            if columns:
                used.append(columns + len(GAP))

        excess = indent + sum(used) - len(GAP) - self.width

        _take_from(widths, shrinks, excess)

    def _row(self, row: Sequence[Cell], widths: Sequence[int], indent: int) -> str:
        """One row of a table, each cell padded to its column, without blanks at the end."""
        left = self.width - indent
        if not self.width:
            left = sum(widths) + len(GAP) * len(widths)

        shown: list[str] = []
        for cell, columns in zip(row, widths, strict=True):
            room = min(columns, left)
            if room > 0:
                shown.append(self.paint(pad(cell.text, room), cell.colour))
                left -= room + len(GAP)

        return (" " * indent + GAP.join(shown)).rstrip()

    def age(self, since: Moment | None) -> str:
        """How long ago that was; empty for None."""
        if since is None:
            return ""

        return duration((self.now - since) / 1000)


def _take_from(widths: list[int], shrinks: Sequence[int], excess: int) -> None:
    """Take the excess from these columns in turn, each down to COLUMN_MIN."""
    for column in shrinks:
        if excess <= 0:
            return

        taken = min(excess, max(widths[column] - COLUMN_MIN, 0))
        widths[column] -= taken
        excess -= taken


def _one_line(text: str) -> str:
    """Safe text in which line feeds and tabs are blanks."""
    return safe_text(text).replace("\n", " ").replace("\t", " ").rstrip()


def _safe_cells(row: Sequence[Cell | str]) -> list[Cell]:
    """The row with nothing in its texts that could move the cursor or break the table."""
    cells: list[Cell] = []
    for cell in row:
        if isinstance(cell, str):
            cells.append(Cell(safe_line(cell)))
        else:
            cells.append(Cell(safe_line(cell.text), cell.colour))

    return cells


def _widest(rows: Sequence[Sequence[Cell]], column: int) -> int:
    """The columns that the widest text of a table's column takes."""
    return max(width(row[column].text) for row in rows)


def duration(seconds: float) -> str:
    """A length of time in its largest whole unit: `3 min`. A clock that ran backwards gives `0 s`.

    Hours count up to 47, so that a run of a day and a half is not called one day.
    """
    left = max(0, int(seconds))
    for unit, length, least in (("d", 86_400, 2), ("h", 3_600, 1), ("min", 60, 1)):
        if left >= length * least:
            return f"{left // length} {unit}"

    return f"{left} s"


def labelled(label: str, names: Iterable[str]) -> list[str]:
    """One line a name, each with the label in a column before it."""
    return [f"{label:<{LABEL_COLUMNS}}{name}" for name in names]


def phrase(phase: str) -> str:
    """A phase or a kind as people read it, with blanks: `waiting human`."""
    return phase.replace("_", " ")
