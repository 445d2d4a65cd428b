"""A workflow, or a run of it, as boxes and arrows: what every drawing of it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.diagram import Arrow, ArrowKind, Box, Diagram
from gitorch.model.workflow import JobKind
from gitorch.rules.workflows.graph import ancestors, needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import JobId
    from gitorch.model.run import Run
    from gitorch.model.workflow import JobSpec, Workflow


def workflow_diagram(workflow: Workflow) -> Diagram:
    """The workflow as it stands in its file."""
    boxes = tuple(_box(spec) for spec in workflow.jobs.values())
    return Diagram(workflow.name, boxes, tuple(_arrows(workflow)), workflow.phases)


def run_diagram(run: Run) -> Diagram:
    """The workflow of a run, each job in the phase in which it is now."""
    boxes = []
    for job in run.jobs.values():
        again = f"round {job.attempt} of {run.rounds_of(job)}" if job.attempt > 1 else ""
        box = _box(job.spec)
        boxes.append(Box(box.id, box.title, box.kind, box.lane, box.phase, str(job.phase), again))
    return Diagram(f"{run.title} ({run.phase})", tuple(boxes), tuple(_arrows(run.workflow)), run.workflow.phases)


def _box(spec: JobSpec) -> Box:
    return Box(spec.id, spec.title, str(spec.kind), spec.lane, spec.phase)


def _arrows(workflow: Workflow) -> Iterator[Arrow]:
    """Every need that no longer way says already, the two ways out of each checkpoint, and the ways back."""
    needs = needs_of(workflow)
    for job, spec in workflow.jobs.items():
        for need in spec.needs:
            others = (other for other in spec.needs if other != need)
            if need in needs and not any(need in ancestors(needs, other) for other in others):
                yield Arrow(need, job, _way(workflow, need, job))
    for cycle in workflow.cycles:
        yield Arrow(cycle.review, cycle.back_to, ArrowKind.BACK, cycle.rounds)


def _way(workflow: Workflow, need: JobId, job: JobId) -> ArrowKind:
    checkpoint = workflow.jobs[need]
    if checkpoint.kind is not JobKind.CHECKPOINT:
        return ArrowKind.NEXT
    if job in checkpoint.on_cancel:
        return ArrowKind.CANCEL
    return ArrowKind.CONTINUE if checkpoint.on_cancel or checkpoint.on_continue else ArrowKind.NEXT
