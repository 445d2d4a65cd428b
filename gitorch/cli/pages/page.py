"""What is written for people: colours where they are wanted, tables that fit, times as ages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.pages.cells import cut, pad, safe_line, safe_text, width
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import Moment

GAP = "  "
COLUMN_MIN = 8
"""What is left at least of a column that gives way."""

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
"""Of jobs and runs; phases that are not here have the terminal's own colour."""


class Cell(Value):
    """A text in a table, already safe, with its colour."""

    text: str
    colour: str = ""


class Page(Value):
    """Where text goes: its columns (0 means that nothing is cut), whether it has colours, and the moment it is read."""

    width: int
    colours: bool
    now: Moment

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour of `CODES`, where colours are wanted."""
        return f"\x1b[{CODES[colour]}m{text}\x1b[0m" if self.colours and colour and text else text

    def line(self, text: str, colour: str = "") -> str:
        """One safe line, cut to the page; blanks stay as they are."""
        text = safe_text(text).replace("\n", " ").replace("\t", " ").rstrip()
        return self.paint(cut(text, self.width) if self.width else text, colour)

    def folded(self, text: str, indent: int, most: int) -> list[str]:
        """The same over at most so many lines: broken between words, all but the first set in, the last one cut."""
        first, *words = safe_text(text).replace("\n", " ").replace("\t", " ").rstrip().split(" ")
        lines = [first]
        for word in words:
            longer = f"{lines[-1]} {word}"
            fits = not self.width or len(lines) == most or width(longer) <= self.width
            lines[-1:] = [longer] if fits else [lines[-1], f"{' ' * indent}{word}"]
        return [cut(line, self.width) if self.width else line for line in lines]

    def table(self, rows: Sequence[Sequence[Cell | str]], gives: Sequence[int] = (), indent: int = 0) -> list[str]:
        """Lines with aligned columns. The columns in `gives` shrink first to make the others fit; empty ones vanish."""
        cells = [[c if isinstance(c, Cell) else Cell(c) for c in row] for row in rows]
        cells = [[Cell(safe_line(c.text), c.colour) for c in row] for row in cells]
        widths = [max((width(row[n].text) for row in cells), default=0) for n in range(len(cells[0]) if cells else 0)]
        self._squeeze(widths, gives, indent)
        return [self._row(row, widths, indent) for row in cells]

    def _squeeze(self, widths: list[int], gives: Sequence[int], indent: int) -> None:
        if not self.width or not widths:
            return
        over = indent + sum(w + len(GAP) for w in widths if w) - len(GAP) - self.width
        for column in gives:
            spare = min(max(over, 0), max(widths[column] - COLUMN_MIN, 0))
            widths[column] -= spare
            over -= spare

    def _row(self, row: list[Cell], widths: list[int], indent: int) -> str:
        left = self.width - indent if self.width else sum(widths) + len(GAP) * len(widths)
        shown: list[str] = []
        for cell, columns in zip(row, widths, strict=True):
            room = min(columns, left)
            if not columns or room <= 0:
                continue
            shown.append(self.paint(pad(cell.text, room), cell.colour))
            left -= room + len(GAP)
        return (" " * indent + GAP.join(shown)).rstrip()

    def age(self, since: Moment | None) -> str:
        """How long ago that was; empty for a moment that is not known."""
        return "" if since is None else duration((self.now - since) / 1000)


def duration(seconds: float) -> str:
    """A length of time in its largest whole unit: `3 min`. A clock that ran backwards gives `0 s`."""
    left = max(0, int(seconds))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if left >= length * (2 if unit == "d" else 1):
            return f"{left // length} {unit}"
    return f"{left} s"


def spoken(phase: str) -> str:
    """A phase or kind as people read it."""
    return phase.replace("_", " ")
