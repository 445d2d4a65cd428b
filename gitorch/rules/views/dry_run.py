"""What a run of a workflow would do, before there is one: batches, gates, ways back, checkpoints, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.workflow import REVIEWING, JobKind
from gitorch.rules.workflows.graph import needs_of, waves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.workflow import JobSpec, Workflow, WorkflowSource


class DryRun(Value):
    """The batches of jobs that may run side by side, and the whole told in lines."""

    batches: tuple[tuple[str, ...], ...]
    lines: tuple[str, ...]


def dry_run(source: WorkflowSource) -> DryRun:
    """Everything that can be said of a run before it begins."""
    flow = source.workflow
    batches = waves(needs_of(flow))
    lines = [
        f"{flow.name}, version {flow.version}: {len(flow.jobs)} jobs, at most {source.settings.max_agents} at work at once"
    ]
    if flow.phases:
        lines.append(f"phases: {', then '.join(flow.phases)}")
    for number, batch in enumerate(batches, 1):
        lines.append(f"batch {number}{f': {len(batch)} side by side' if len(batch) > 1 else ''}")
        for job in batch:
            lines += [f"  {line}" for line in _job_lines(flow, flow.jobs[job])]
    return DryRun(tuple(tuple(map(str, batch)) for batch in batches), tuple(lines))


def _job_lines(flow: Workflow, spec: JobSpec) -> Iterator[str]:
    by = f" by {spec.lane}" if spec.lane else ""
    after = f", after {', '.join(spec.needs)}" if spec.needs else ""
    yield f"{spec.id}: {str(spec.kind).replace('_', ' ')}{by}{after}"
    if spec.scope.allowed and spec.kind not in REVIEWING:
        yield f"  may change {', '.join(spec.scope.allowed)}"
    reviews = [other for other in flow.jobs.values() if other.kind is JobKind.REVIEW and other.subject == spec.id]
    if reviews:
        named = (f"{r.id} ({r.posture}{', advice' if r.advisory else ''})" for r in reviews)
        yield f"  its gate: {', '.join(named)}"
    for cycle in flow.cycles:
        if cycle.review == spec.id:
            times = "once" if cycle.rounds == 1 else f"{cycle.rounds} times"
            yield f"  may send {cycle.back_to} back {times}, then asks you"
    if spec.kind is JobKind.CHECKPOINT:
        yield f"  asks you; {_ways(flow, spec)}"


def _ways(flow: Workflow, spec: JobSpec) -> str:
    onward = [job for job, other in flow.jobs.items() if spec.id in other.needs and job not in spec.on_cancel]
    if any(flow.jobs[job].kind is JobKind.MERGE for job in onward):
        return "approve leads to the merge, reject sends work back or ends the run"
    go, stop = ", ".join(spec.on_continue or onward) or "the end", ", ".join(spec.on_cancel) or "the end of the run"
    return f"continue leads to {go}, cancel to {stop}"
