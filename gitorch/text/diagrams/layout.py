"""Where the boxes of a drawing stand: columns by dependency, rows by neighbourhood, on one grid.

The layered method of Sugiyama, Tagawa and Toda (1981): an arrow that skips columns gets a place of its own in each, so that no
line crosses a box. The rows are then ordered by the mean of their neighbours, back and forth, until they settle.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gitorch.model.plans.diagram import ArrowKind
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.model.plans.diagram import Arrow, Diagram

SWEEPS = 12
"""Passes over the columns, half of them from each side; more change nothing in the shapes that ship."""

Place = tuple[int, int]
"""A column and a row, counted from 0."""


class Layout(Value):
    """A place for everything in a diagram."""

    boxes: Mapping[str, Place]
    ways: Mapping[tuple[str, str], tuple[Place, ...]]
    """For each arrow that leads forward, by start and end: the places that it passes, its ends included."""
    columns: int
    rows: int


class _Stop(Value):
    """A box, or the place that an arrow occupies where it passes a column."""

    name: str
    column: int


def lay_out(diagram: Diagram) -> Layout:
    """Give every box and every arrow a place.

    Deterministic: equal diagrams have equal layouts. Raises ValueError when arrows forward form a cycle.
    """
    forward = _forward(diagram)
    columns = _columns(diagram, forward)
    ways = {(arrow.start, arrow.end): _way(arrow, columns) for arrow in forward}
    links: list[tuple[_Stop, _Stop]] = []

    for way in ways.values():
        links += pairwise(way)
        for stop in way:
            columns[stop.name] = stop.column

    rows = _rows(columns, links)
    return Layout(
        {box.id: (columns[box.id], rows[box.id]) for box in diagram.boxes},
        {ends: tuple((stop.column, rows[stop.name]) for stop in way) for ends, way in ways.items()},
        max(columns.values(), default=-1) + 1,
        max(rows.values(), default=-1) + 1,
    )


def _forward(diagram: Diagram) -> list[Arrow]:
    """The arrows that lead forward. Those back order nothing."""
    return [arrow for arrow in diagram.arrows if arrow.kind is not ArrowKind.BACK]


def _before(diagram: Diagram, forward: Sequence[Arrow]) -> dict[str, list[str]]:
    """The boxes with an arrow to each box, in the order of the diagram."""
    before: dict[str, list[str]] = {box.id: [] for box in diagram.boxes}
    for arrow in forward:
        before[arrow.end].append(arrow.start)

    return before


def _columns(diagram: Diagram, forward: Sequence[Arrow]) -> dict[str, int]:
    """The length of the longest way to each box, in the order of the boxes.

    Raises ValueError when the arrows form a cycle.
    """
    before = _before(diagram, forward)

    columns: dict[str, int] = {}
    waiting = list(before)

    while waiting:
        left = _place_next(waiting, columns, before)
        if left == waiting:
            raise ValueError("the arrows form a cycle")

        waiting = left

    return {box: columns[box] for box in before}


def _place_next(waiting: list[str], columns: dict[str, int], before: dict[str, list[str]]) -> list[str]:
    """Give a column to every box whose predecessors have one; the result are the boxes that are left."""
    left = []
    for box in waiting:
        if columns.keys() >= set(before[box]):
            columns[box] = _column_after(before[box], columns)
        else:
            left.append(box)
    return left


def _column_after(before: Sequence[str], columns: Mapping[str, int]) -> int:
    """The first column behind all of these boxes."""
    column = 0
    for box in before:
        column = max(column, columns[box] + 1)

    return column


def _way(arrow: Arrow, columns: Mapping[str, int]) -> list[_Stop]:
    """The arrow's ends, and a stop in each column between them."""
    first, last = columns[arrow.start], columns[arrow.end]
    between = [_Stop(f"{arrow.start}\0{arrow.end}\0{column}", column) for column in range(first + 1, last)]
    return [_Stop(arrow.start, first), *between, _Stop(arrow.end, last)]


def _rows(columns: Mapping[str, int], links: Sequence[tuple[_Stop, _Stop]]) -> dict[str, int]:
    """A row for everything, with neighbours near each other."""
    layers: dict[int, list[str]] = {}
    rows: dict[str, int] = {}
    left: dict[str, list[str]] = {}
    right: dict[str, list[str]] = {}

    for name, column in columns.items():
        layer = layers.setdefault(column, [])
        rows[name] = len(layer)
        layer.append(name)
        left[name], right[name] = [], []

    for start, end in links:
        right[start.name].append(end.name)
        left[end.name].append(start.name)

    return _swept(layers, left, rows, right)


def _swept(
    layers: dict[int, list[str]], left: dict[str, list[str]], rows: dict[str, int], right: dict[str, list[str]]
) -> dict[str, int]:
    """The rows after a few sweeps that bring neighbours together, the first of them 0."""
    ascending = sorted(layers)

    for _ in range(SWEEPS // 2):
        for column in ascending:
            _order_layer(layers[column], left, rows)
        for column in reversed(ascending):
            _order_layer(layers[column], right, rows)

    lowest = min(rows.values(), default=0)
    return {name: row - lowest for name, row in rows.items()}


def _order_layer(layer: list[str], neighbours: Mapping[str, Sequence[str]], rows: dict[str, int]) -> None:
    """Sort a layer by the mean rows of its neighbours on one side, and give it new rows."""
    wishes = {name: _mean_row(name, neighbours[name], rows) for name in layer}
    layer.sort(key=lambda name: (wishes[name], rows[name]))
    rows |= _spread(layer, wishes)


def _mean_row(name: str, neighbours: Sequence[str], rows: Mapping[str, int]) -> float:
    """The mean row of the neighbours.

    The own row without any, so that the box stays where it is.
    """
    if not neighbours:
        return rows[name]
    return sum(rows[other] for other in neighbours) / len(neighbours)


def _spread(layer: Sequence[str], wishes: Mapping[str, float]) -> dict[str, int]:
    """A row of its own for each, in the order of the layer and as near to the wishes as the order allows."""
    rows: list[int] = []
    lowest = -len(layer)

    for name in layer:
        row = max(round(wishes[name]), lowest)
        rows.append(row)
        lowest = row + 1

    # The order only ever pushes down: the whole layer moves back up by the mean of those shifts.
    pushed = sum(row - wishes[name] for row, name in zip(rows, layer, strict=True))
    shift = round(pushed / max(len(rows), 1))
    return {name: row - shift for name, row in zip(layer, rows, strict=True)}
