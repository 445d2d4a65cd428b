"""Graphs of needs: a mapping from each node to the nodes that it needs. Needs that are not nodes are ignored.

Plans, workflow files, compiled workflows and runs all ask the same two questions of such a graph: is it acyclic, and in
which order can its nodes be done.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Node = TypeVar("Node", bound=str)


def find_cycles(needs: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Cycles that share no node, each from a node back to itself along its needs: `(a, b, a)` means that a needs b needs a.

    Empty exactly when the graph is acyclic. A cycle begins with its node that stands first in `needs`.
    """
    rank = {node: number for number, node in enumerate(needs)}
    left = _without(needs, ())
    found: list[tuple[str, ...]] = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            # graphlib lists every node before the one that needs it, and its first node again at the end.
            ring = list(reversed(error.args[1]))[1:]
            first = ring.index(min(ring, key=lambda node: rank[node]))
            found.append((*ring[first:], *ring[:first], ring[first]))
            left = _without(left, ring)
        else:
            return tuple(sorted(found, key=lambda cycle: rank[cycle[0]]))


def _without(needs: Mapping[str, Collection[str]], removed: Collection[str]) -> dict[str, list[str]]:
    """The graph with these nodes cut off: they need nothing, nothing needs them. Needs that are not nodes are left out."""
    kept: dict[str, list[str]] = {}
    for node, others in needs.items():
        kept[node] = []
        if node in removed:
            continue

        for other in others:
            if other in needs and other not in removed:
                kept[node].append(other)

    return kept


def dependency_order(needs: Mapping[Node, Collection[Node]]) -> tuple[Node, ...]:
    """All nodes, each after the nodes that it needs; of those that could come next, the one declared first.

    Raises ValueError if the graph has a cycle.
    """
    nodes = list(needs)
    rank = {node: number for number, node in enumerate(nodes)}
    present = _among_nodes(needs)
    needed_by = _turned(present)

    # A heap of ranks, so that the next node is the one that was declared first.
    ready = [rank[node] for node in nodes if not present[node]]
    order: list[Node] = []
    while ready:
        node = nodes[heappop(ready)]
        order.append(node)
        for other in needed_by[node]:
            present[other].discard(node)
            if not present[other]:
                heappush(ready, rank[other])

    # The nodes of a cycle never become ready.
    if len(order) < len(nodes):
        raise ValueError("the graph has a cycle")

    return tuple(order)


def _among_nodes(needs: Mapping[Node, Collection[Node]]) -> dict[Node, set[Node]]:
    """For each node its needs that are nodes themselves, each once."""
    present: dict[Node, set[Node]] = {}
    for node, others in needs.items():
        present[node] = set()
        for other in others:
            if other in needs:
                present[node].add(other)

    return present


def _turned(needs: Mapping[Node, Collection[Node]]) -> dict[Node, list[Node]]:
    """For each node the nodes that need it."""
    needed_by: dict[Node, list[Node]] = {node: [] for node in needs}
    for node, others in needs.items():
        for other in others:
            needed_by[other].append(node)

    return needed_by
