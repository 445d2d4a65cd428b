"""The graph of a workflow's jobs and their needs: ancestors, batches and order, always stable in declared order.

A graph maps each node to the nodes that it needs; needs that are not nodes are ignored. Functions that walk the whole
graph raise ValueError for one with a cycle; `find_cycles` in `model.plans.needs` names the cycles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gitorch.model.plans.needs import dependency_order
from gitorch.model.plans.workflow import REVIEWING, UNCLAIMED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gitorch.model.ids import JobId
    from gitorch.model.plans.workflow import Workflow

Node = TypeVar("Node", bound=str)


def needs_of(workflow: Workflow) -> dict[JobId, tuple[JobId, ...]]:
    """The graph of a workflow, in the order of its jobs.

    Its cycles of revision are not part of it, so the graph of a checked workflow has none.
    """
    return {job: spec.needs for job, spec in workflow.jobs.items()}


def depths(needs: Mapping[Node, Collection[Node]]) -> dict[Node, int]:
    """The number of nodes in the longest chain before each node: 0 for a node without needs.

    The order is that of the graph. Raises ValueError for a graph with a cycle.
    """
    found: dict[Node, int] = {}
    for node in dependency_order(needs):
        depth = 0
        for other in needs[node]:
            if other in found:
                depth = max(depth, found[other] + 1)

        found[node] = depth

    return {node: found[node] for node in needs}


def waves(needs: Mapping[Node, Collection[Node]]) -> tuple[tuple[Node, ...], ...]:
    """The nodes in batches, each node in the first batch after all its needs.

    Within a batch the order is that of the graph. Raises ValueError for a graph with a cycle.
    """
    batches: dict[int, list[Node]] = {}
    for node, depth in depths(needs).items():
        batches.setdefault(depth, []).append(node)

    return tuple(tuple(batches[depth]) for depth in sorted(batches))


def ancestors(needs: Mapping[Node, Collection[Node]], node: Node) -> frozenset[Node]:
    """Every node that this one needs, directly or through others.

    A node is its own ancestor only in a cycle. Empty for a node that the graph does not have.
    """
    found: set[Node] = set()
    left = list(needs.get(node, ()))

    while left:
        other = left.pop()
        if other in needs and other not in found:
            found.add(other)
            left += needs[other]

    return frozenset(found)


def descendants(needs: Mapping[Node, Collection[Node]], node: Node) -> frozenset[Node]:
    """Every node that needs this one, directly or through others; the opposite of `ancestors`."""
    needed_by: dict[Node, list[Node]] = {}
    for other in needs:
        needed_by[other] = []

    for other, others in needs.items():
        for needed in others:
            if needed in needed_by:
                needed_by[needed].append(other)

    return ancestors(needed_by, node)


def makes_work(workflow: Workflow, job: JobId) -> bool:
    """Whether an agent works on this job and hands in commits: it is neither a review nor a checkpoint nor a merge."""
    return workflow.jobs[job].kind not in REVIEWING | UNCLAIMED


def batch_of(workflow: Workflow) -> dict[JobId, int]:
    """The batch of every job, from 0.

    Work comes one batch after the work it needs, a review in the batch of its subject, and any other
    job after all that it needs. Raises ValueError for a workflow whose needs have a cycle.
    """
    batches: dict[JobId, int] = {}
    for job in dependency_order(needs_of(workflow)):
        subject = workflow.jobs[job].subject
        if subject is not None and subject in batches:
            batches[job] = batches[subject]
        else:
            batches[job] = _batch_after_needs(workflow, job, batches)

    return batches


def _batch_after_needs(workflow: Workflow, job: JobId, batches: Mapping[JobId, int]) -> int:
    """The first batch in which all needs of a job are done. Only work takes up a batch of its own."""
    batch = 0
    for need in workflow.jobs[job].needs:
        after = batches[need]
        if makes_work(workflow, need) or makes_work(workflow, job):
            after += 1

        batch = max(batch, after)

    return batch


def execution_plan(workflow: Workflow) -> tuple[tuple[JobId, ...], ...]:
    """The jobs that agents work on, in batches that may run side by side.

    Reviews are left out: they run within their subject's batch. Raises ValueError for needs that have a
    cycle.
    """
    batches: dict[int, list[JobId]] = {}
    batch = batch_of(workflow)

    for job in workflow.jobs:
        if makes_work(workflow, job):
            batches.setdefault(batch[job], []).append(job)

    return tuple(tuple(batches[number]) for number in sorted(batches))
