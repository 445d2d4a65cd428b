"""The graph functions against oracles that are too simple to be wrong."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.model.plans.needs import dependency_order, find_cycles
from gitorch.rules.workflows.graph import ancestors, depths, descendants, waves

NODES = "abcdef"
graphs = st.dictionaries(st.sampled_from(NODES), st.lists(st.sampled_from(NODES + "?"), max_size=3), max_size=6)
acyclic = graphs.map(
    lambda graph: {node: [other for other in others if other < node] for node, others in graph.items()}
)


def reachable(needs, node):
    """All nodes on paths from a node, by following every edge as often as there are nodes."""
    found = set()
    for _ in needs:
        found |= {other for start in found | {node} for other in needs[start] if other in needs}
    return found


@given(graphs)
def test_ancestors_are_the_nodes_that_can_be_reached(needs):
    for node in needs:
        assert ancestors(needs, node) == reachable(needs, node)


@given(graphs)
def test_descendants_are_those_that_have_it_as_an_ancestor(needs):
    for node in needs:
        assert descendants(needs, node) == {other for other in needs if node in reachable(needs, other)}


@given(graphs)
def test_a_cycle_is_found_exactly_when_a_node_reaches_itself(needs):
    cycles = find_cycles(needs)

    assert bool(cycles) == any(node in reachable(needs, node) for node in needs)
    for cycle in cycles:
        assert cycle[0] == cycle[-1]
        assert all(later in needs[node] for node, later in pairwise(cycle))
    assert len({node for cycle in cycles for node in cycle[:-1]}) == sum(len(cycle) - 1 for cycle in cycles)


@given(graphs)
def test_order_and_depth_refuse_exactly_the_cyclic_graphs(needs):
    if find_cycles(needs):
        with pytest.raises(ValueError, match="cycle"):
            dependency_order(needs)
        with pytest.raises(ValueError, match="cycle"):
            depths(needs)
    else:
        assert len(dependency_order(needs)) == len(depths(needs)) == len(needs)


@given(acyclic)
def test_the_order_is_the_first_in_declared_order_that_respects_all_needs(needs):
    declared = list(needs)
    legal = (
        order
        for order in permutations(declared)
        if all(order.index(other) < order.index(node) for node in needs for other in needs[node] if other in needs)
    )

    assert dependency_order(needs) == next(legal)


@given(acyclic)
def test_every_node_stands_in_the_first_wave_after_its_needs(needs):
    found = waves(needs)
    number = {node: position for position, wave in enumerate(found) for node in wave}

    assert set(number) == set(needs)
    for node, others in needs.items():
        assert number[node] == max((number[other] + 1 for other in others if other in needs), default=0)
    assert all(list(wave) == [node for node in needs if node in wave] for wave in found)


def test_two_cycles_are_both_named_from_their_first_node():
    needs = {"x": ["a"], "b": ["a"], "a": ["b"], "d": ["d"], "c": []}

    assert find_cycles(needs) == (("b", "a", "b"), ("d", "d"))


def test_an_empty_graph_has_no_waves():
    assert waves({}) == ()
    assert dependency_order({}) == ()
