"""A workflow, or a run of it, as boxes and arrows, for every format that draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.diagram import Arrow, ArrowKind, Box, Diagram
from gitorch.model.plans.workflow import JobKind
from gitorch.model.values import replace
from gitorch.rules.workflows.graph import ancestors, needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import JobId
    from gitorch.model.plans.workflow import JobSpec, Workflow
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run


def workflow_diagram(workflow: Workflow) -> Diagram:
    """The workflow as its file describes it, also one that has not passed its checks."""
    boxes = tuple(_box(spec) for spec in workflow.jobs.values())
    return Diagram(workflow.name, boxes, tuple(_arrows(workflow)), workflow.phases)


def run_diagram(run: Run) -> Diagram:
    """The workflow of a run, with the current phase and round of each job."""
    boxes = tuple(_run_box(run, job) for job in run.jobs.values())
    arrows = tuple(_arrows(run.workflow))

    return Diagram(f"{run.title} ({run.phase})", boxes, arrows, run.workflow.phases)


def _box(spec: JobSpec) -> Box:
    """The box of a job, without the state of a run."""
    return Box(spec.id, spec.title, str(spec.kind), spec.lane, spec.phase)


def _run_box(run: Run, job: JobState) -> Box:
    """The box of a job with its phase; its round shows from the second one on."""
    note = ""
    if job.attempt > 1:
        note = f"round {job.attempt} of {run.rounds_of(job)}"

    return replace(_box(job.spec), state=str(job.phase), note=note)


def _arrows(workflow: Workflow) -> Iterator[Arrow]:
    """Every need that is not implied by a longer path, then every cycle back."""
    for job, spec in workflow.jobs.items():
        for need in _direct_needs(workflow, spec):
            yield Arrow(need, job, _arrow_kind(workflow, need, job))

    for cycle in workflow.cycles:
        yield Arrow(cycle.review, cycle.back_to, ArrowKind.BACK, cycle.rounds)


def _direct_needs(workflow: Workflow, spec: JobSpec) -> list[JobId]:
    """The needs of a job without those that another of its needs depends on, in declared order."""
    needs = needs_of(workflow)
    implied = _implied_needs(spec, needs)

    direct = []
    for need in spec.needs:
        # A workflow file can be drawn before it is checked, so a need may name no job.
        if need not in needs or need in implied:
            continue

        direct.append(need)

    return direct


def _implied_needs(spec: JobSpec, needs: dict[JobId, tuple[JobId, ...]]) -> set[JobId]:
    """Everything that the needs of this job depend on themselves."""
    implied: set[JobId] = set()

    for need in spec.needs:
        implied |= ancestors(needs, need)
    return implied


def _arrow_kind(workflow: Workflow, need: JobId, job: JobId) -> ArrowKind:
    """Which way out of a checkpoint leads to this job; NEXT for any other need."""
    checkpoint = workflow.jobs[need]
    if checkpoint.kind is not JobKind.CHECKPOINT:
        return ArrowKind.NEXT

    if job in checkpoint.on_cancel:
        return ArrowKind.CANCEL

    if checkpoint.on_cancel or checkpoint.on_continue:
        return ArrowKind.CONTINUE

    return ArrowKind.NEXT
