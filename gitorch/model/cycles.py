"""What "acyclic" means for anything that names what it needs: plans, workflow files, compiled workflows."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def find_cycles(needs: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Cycles that share no node, each from a node back to itself along its needs: `(a, b, a)` says a needs b needs a.

    Empty exactly when the graph is acyclic. A cycle begins with its node that stands first in `needs`. Names that are
    not keys of `needs` are ignored.
    """
    left = {node: [other for other in others if other in needs] for node, others in needs.items()}
    rank = {node: number for number, node in enumerate(needs)}
    found: list[tuple[str, ...]] = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            # graphlib lists every node before the one that needs it, and its first node again at the end.
            ring = list(reversed(error.args[1]))[1:]
            first = ring.index(min(ring, key=lambda node: rank[node]))
            found.append((*ring[first:], *ring[:first], ring[first]))
            left = {node: [other for other in others if other not in ring] for node, others in left.items()}
        else:
            return tuple(sorted(found, key=lambda cycle: rank[cycle[0]]))
