"""Where boxes stand in a drawing: columns by what they need, rows by whom they are joined to, on one grid.

The layered method of Sugiyama, Tagawa and Toda (1981): an arrow that skips columns gets a place of its own in each, so that no
line crosses a box; rows are then put in order by the mean of their neighbours, back and forth, until they settle.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gitorch.model.diagram import ArrowKind
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitorch.model.diagram import Arrow, Diagram

SWEEPS = 12
Place = tuple[int, int]
"""A column and a row, counted from 0."""


class Layout(Value):
    """The place of each box, and of each arrow that leads forward the places that it passes, its ends included."""

    boxes: Mapping[str, Place]
    ways: Mapping[tuple[str, str], tuple[Place, ...]]
    columns: int
    rows: int


def lay_out(diagram: Diagram) -> Layout:
    """Stable: the same picture is always laid out the same way. Raises ValueError where arrows forward go in a circle."""
    forward = [arrow for arrow in diagram.arrows if arrow.kind is not ArrowKind.BACK]
    column = _columns([box.id for box in diagram.boxes], forward)
    chains = {(a.start, a.end): _chain(a, column) for a in forward}
    places = [str(box.id) for box in diagram.boxes]
    for chain in chains.values():
        for name, at in chain[1:-1]:
            places.append(name)
            column[name] = at
    links = [(one[0], other[0]) for chain in chains.values() for one, other in pairwise(chain)]
    row = _rows(places, column, links)
    return Layout(
        {box.id: (column[box.id], row[box.id]) for box in diagram.boxes},
        {ends: tuple((column[name], row[name]) for name, _ in chain) for ends, chain in chains.items()},
        max(column.values(), default=-1) + 1,
        max(row.values(), default=-1) + 1,
    )


def _columns(boxes: Sequence[str], forward: Sequence[Arrow]) -> dict[str, int]:
    """The longest way to each box."""
    before: dict[str, list[str]] = {str(box): [] for box in boxes}
    for arrow in forward:
        before[arrow.end].append(arrow.start)
    column: dict[str, int] = {}
    while len(column) < len(before):
        ready = [b for b in before if b not in column and all(other in column for other in before[b])]
        if not ready:
            raise ValueError("the arrows go in a circle")
        column |= {box: max((column[other] + 1 for other in before[box]), default=0) for box in ready}
    return column


def _chain(arrow: Arrow, column: Mapping[str, int]) -> list[tuple[str, int]]:
    """The arrow's ends, and a place for each column between them."""
    between = range(column[arrow.start] + 1, column[arrow.end])
    passed = [(f"{arrow.start}\0{arrow.end}\0{at}", at) for at in between]
    return [(arrow.start, column[arrow.start]), *passed, (arrow.end, column[arrow.end])]


def _rows(places: Sequence[str], column: Mapping[str, int], links: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Rows in which neighbours stand near each other: each column in the order of the means of its neighbours."""
    layers: dict[int, list[str]] = {}
    for place in places:
        layers.setdefault(column[place], []).append(place)
    joined: dict[str, list[str]] = {place: [] for place in places}
    for one, other in links:
        joined[one].append(other)
        joined[other].append(one)
    row = {place: number for layer in layers.values() for number, place in enumerate(layer)}
    for sweep in range(SWEEPS):
        side = -1 if sweep % 2 == 0 else 1
        for at in sorted(layers, reverse=side == 1):
            near = {p: [row[o] for o in joined[p] if column[o] == at + side] or [row[p]] for p in layers[at]}
            wish = {place: sum(rows) / len(rows) for place, rows in near.items()}
            layers[at].sort(key=lambda place: (wish[place], row[place]))
            row |= _spread(layers[at], wish)
    lowest = min(row.values(), default=0)
    return {place: number - lowest for place, number in row.items()}


def _spread(layer: Sequence[str], wish: Mapping[str, float]) -> dict[str, int]:
    """Whole rows, each its own, in the order given and as near to what is wished as the order allows."""
    rows: list[int] = []
    for place in layer:
        rows.append(max(round(wish[place]), rows[-1] + 1 if rows else -len(layer)))
    # Those that were pushed down push back by half of it, as long as nobody stands there.
    pushed = sum(row - wish[place] for row, place in zip(rows, layer, strict=True)) / max(len(rows), 1)
    shift = round(pushed)
    return {place: row - shift for place, row in zip(layer, rows, strict=True)}
