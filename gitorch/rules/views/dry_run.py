"""A dry run: what a run of a workflow would do, as batches and as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.plans.workflow import REVIEWING, JobKind
from gitorch.model.values import Value
from gitorch.rules.workflows.graph import needs_of, waves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import JobId
    from gitorch.model.plans.workflow import Cycle, JobSpec, Workflow, WorkflowSource


class DryRun(Value):
    """What a run would do."""

    batches: tuple[tuple[str, ...], ...]
    """The jobs in batches; the jobs of a batch do not need each other, and run side by side where they share no worktree."""

    lines: tuple[str, ...]
    """The whole as text."""


def dry_run(source: WorkflowSource) -> DryRun:
    """The batches, gates, ways back and checkpoints of a run before it begins.

    Raises ValueError for a workflow whose needs have a cycle.
    """
    workflow = source.workflow
    batches = waves(needs_of(workflow))
    limit = f"at most {counted(source.settings.max_agents, 'agent')} at once"
    lines = [f"{workflow.name}, version {workflow.version}: {counted(len(workflow.jobs), 'job')}, {limit}"]
    if workflow.phases:
        lines.append(f"phases: {', then '.join(workflow.phases)}")

    for number, batch in enumerate(batches, 1):
        lines += _batch_lines(workflow, number, batch)

    return DryRun(tuple(tuple(map(str, batch)) for batch in batches), tuple(lines))


def _batch_lines(workflow: Workflow, number: int, batch: tuple[JobId, ...]) -> Iterator[str]:
    """A heading for the batch, then its jobs, indented."""
    heading = f"batch {number}"
    if len(batch) > 1:
        heading += f": {counted(len(batch), 'job')}"

    yield heading
    for job in batch:
        for line in _job_lines(workflow, workflow.jobs[job]):
            yield f"  {line}"


def _job_lines(workflow: Workflow, spec: JobSpec) -> Iterator[str]:
    """What a job is, what it may change, and who judges it."""
    yield _job_heading(spec)
    if spec.scope.allowed and spec.kind not in REVIEWING:
        yield f"  may change {', '.join(spec.scope.allowed)}"

    gate = ", ".join(_reviews_of(workflow, spec))
    if gate:
        yield f"  gate: {gate}"

    yield from _ways_on(workflow, spec)


def _ways_on(workflow: Workflow, spec: JobSpec) -> Iterator[str]:
    """Where a review may send work back to, and where a checkpoint leads."""
    for cycle in workflow.cycles:
        if cycle.review == spec.id:
            yield f"  {way_back(cycle)}"

    if spec.kind is JobKind.CHECKPOINT:
        yield f"  asks you: {ways_out(workflow, spec)}"


def _job_heading(spec: JobSpec) -> str:
    """The kind of a job, its lane, and the jobs before it."""
    heading = f"{spec.id}: {str(spec.kind).replace('_', ' ')}"
    if spec.lane:
        heading += f" by {spec.lane}"

    if spec.needs:
        heading += f", after {', '.join(spec.needs)}"

    return heading


def _reviews_of(workflow: Workflow, spec: JobSpec) -> Iterator[str]:
    """The reviews that judge a job, each with its posture."""
    for review in workflow.jobs.values():
        if review.kind is not JobKind.REVIEW or review.subject != spec.id:
            continue

        posture = review.posture
        if review.advisory:
            posture += ", advice"

        yield f"{review.id} ({posture})"


def way_back(cycle: Cycle) -> str:
    """How often a review may send work back before a person is asked."""
    times = "once"
    if cycle.rounds != 1:
        times = counted(cycle.rounds, "time")

    return f"may send {cycle.back_to} back {times}, then asks you"


def ways_out(workflow: Workflow, spec: JobSpec) -> str:
    """Where each answer to a checkpoint leads.

    A checkpoint before a merge is an approval, whose answers are others.
    """
    onward = list(_jobs_after(workflow, spec))
    if any(workflow.jobs[job].kind is JobKind.MERGE for job in onward):
        return "approve leads to the merge, reject sends work back or ends the run"

    return _continue_and_cancel(spec, onward)


def _continue_and_cancel(spec: JobSpec, onward: list[JobId]) -> str:
    """Where `continue` and `cancel` lead."""
    continued = ", ".join(spec.on_continue or onward) or "the end"
    canceled = ", ".join(spec.on_cancel) or "the end of the run"
    return f"continue leads to {continued}, cancel to {canceled}"


def _jobs_after(workflow: Workflow, checkpoint: JobSpec) -> Iterator[JobId]:
    """The jobs that need a checkpoint, without those that only a cancellation leads to."""
    for job, spec in workflow.jobs.items():
        if job in checkpoint.on_cancel:
            continue

        if checkpoint.id in spec.needs:
            yield job
