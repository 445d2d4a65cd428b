"""Jobs and what they need, as a graph: waves, order, what lies before and after. Small, pure, and stable in declared order.

A graph is a mapping from each node to the nodes it needs; needs that are no nodes are ignored. Functions that go through a
cyclic graph raise ValueError; `find_cycles` says where the cycles are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gitorch.model.needs import dependency_order
from gitorch.model.workflow import REVIEWING, UNCLAIMED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gitorch.model.ids import JobId
    from gitorch.model.workflow import Workflow

Node = TypeVar("Node", bound=str)


def needs_of(workflow: Workflow) -> dict[JobId, tuple[JobId, ...]]:
    """The graph of a workflow, in the order of its jobs; cycles of revision are no part of it."""
    return {job: spec.needs for job, spec in workflow.jobs.items()}


def depths(needs: Mapping[Node, Collection[Node]]) -> dict[Node, int]:
    """How many nodes the longest chain before each node has: 0 for those that need nothing."""
    found: dict[Node, int] = {}
    while len(found) < len(needs):
        ready = {
            node: max((found[other] + 1 for other in others if other in needs), default=0)
            for node, others in needs.items()
            if node not in found and all(other in found for other in others if other in needs)
        }
        if not ready:
            raise ValueError("the graph has a cycle")
        found.update(ready)
    return {node: found[node] for node in needs}


def waves(needs: Mapping[Node, Collection[Node]]) -> tuple[tuple[Node, ...], ...]:
    """The nodes in batches: each in the first batch that stands after everything it needs, in declared order within."""
    depth = depths(needs)
    return tuple(
        tuple(node for node in needs if depth[node] == number) for number in range(max(depth.values(), default=-1) + 1)
    )


def ancestors(needs: Mapping[Node, Collection[Node]], node: Node) -> frozenset[Node]:
    """Everything that a node needs, directly or through others; itself only where it is part of a cycle."""
    found: set[Node] = set()
    left = [other for other in needs.get(node, ()) if other in needs]
    while left:
        other = left.pop()
        if other not in found:
            found.add(other)
            left += [further for further in needs[other] if further in needs]
    return frozenset(found)


def descendants(needs: Mapping[Node, Collection[Node]], node: Node) -> frozenset[Node]:
    """Everything that needs a node, directly or through others."""
    turned: dict[Node, list[Node]] = {other: [] for other in needs}
    for other, others in needs.items():
        for needed in others:
            if needed in turned:
                turned[needed].append(other)
    return ancestors(turned, node)


def merge_order(workflow: Workflow) -> tuple[JobId, ...]:
    """The jobs that make commits, each after the work it builds on, else in declared order."""
    return tuple(job for job in dependency_order(needs_of(workflow)) if makes_work(workflow, job))


def makes_work(workflow: Workflow, job: JobId) -> bool:
    """Whether an agent works on this job and hands in commits: neither review nor checkpoint nor merge."""
    return workflow.jobs[job].kind not in REVIEWING | UNCLAIMED


def batch_of(workflow: Workflow) -> dict[JobId, int]:
    """The batch of every job, from 0: work by the work before it, a review with its subject, the rest after all it needs."""
    batch: dict[JobId, int] = {}
    for job in dependency_order(needs_of(workflow)):
        spec = workflow.jobs[job]
        before = [batch[other] + int(makes_work(workflow, other) or makes_work(workflow, job)) for other in spec.needs]
        subject = [batch[spec.subject]] if spec.subject in batch else []
        batch[job] = max(subject or before, default=0)
    return batch


def execution_plan(workflow: Workflow) -> tuple[tuple[JobId, ...], ...]:
    """The jobs that agents work on, in batches that may run side by side; reviews happen within their subject's batch."""
    batch = batch_of(workflow)
    work = [job for job in workflow.jobs if makes_work(workflow, job)]
    numbers = sorted({batch[job] for job in work})
    return tuple(tuple(job for job in work if batch[job] == number) for number in numbers)
