"""A table: a header and rows of cells, every row as long as the header."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Raises ValueError for a row that is shorter or longer than the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, 1):
            if len(row) != len(self.header):
                raise ValueError(f"row {number} has {len(row)} cells, the header has {len(self.header)}")

    def columns(self) -> tuple[tuple[str, ...], ...]:
        """The cells of each column, without the header."""
        return tuple(tuple(row[place] for row in self.rows) for place in range(len(self.header)))

    def sorted_by(self, name: str) -> Table:
        """The same rows in the order of one column; raises KeyError for a column that is not there."""
        if name not in self.header:
            raise KeyError(name)
        place = self.header.index(name)
        return Table(self.header, tuple(sorted(self.rows, key=lambda row: row[place])))
