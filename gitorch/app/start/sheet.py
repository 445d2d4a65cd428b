"""The question sheet of a run: what will be done, by whom and where, shown before anything exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import board_of
from gitorch.model.plans.workflow import REVIEWING
from gitorch.model.values import Value
from gitorch.rules.workflows.graph import execution_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, Digest, JobId, RunId
    from gitorch.model.plans.plan import Plan
    from gitorch.model.plans.workflow import Autonomy, ReviewMode, Settings, Workflow


class SheetRow(Value):
    """One job of the execution plan, with everything that will be made for it."""

    job: str
    title: str
    agent: str
    runtime: str
    branch: str
    worktree: str


class Sheet(Value):
    """The question sheet."""

    title: str
    plan_path: str
    autonomy: Autonomy
    target: str
    target_commit: CommitId
    target_confirmed: bool
    """Whether the target was confirmed for an earlier run."""
    batches: tuple[tuple[SheetRow, ...], ...]
    """The jobs of a batch run side by side; a batch needs those before it."""
    reviewers: tuple[str, ...]
    max_agents: int
    test_command: str
    review_mode: ReviewMode
    rounds_max: int
    settings: Settings


class Ready(Value):
    """All that a run needs, read and compiled, before anything is recorded."""

    run: RunId
    title: str
    workflow: Workflow
    settings: Settings
    target: str
    target_commit: CommitId
    plan_digest: Digest
    files: Mapping[str, bytes]
    """The files that are attached to the run's first record, by name."""


def sheet_of(services: Services, plan: Plan, ready: Ready) -> Sheet:
    """The sheet of a run that is ready to begin."""
    settings = ready.settings
    batches: list[tuple[SheetRow, ...]] = []
    for batch in execution_plan(ready.workflow):
        batches.append(tuple(_row(services, ready, job) for job in batch))
    return Sheet(
        title=plan.title,
        plan_path=plan.path,
        autonomy=settings.autonomy,
        target=ready.target,
        target_commit=ready.target_commit,
        target_confirmed=board_of(services).confirms_target(ready.target),
        batches=tuple(batches),
        reviewers=_reviewers(ready.workflow),
        max_agents=settings.max_agents,
        test_command=settings.test_command,
        review_mode=settings.review_mode,
        rounds_max=settings.rounds_max,
        settings=settings,
    )


def _reviewers(workflow: Workflow) -> tuple[str, ...]:
    """Each kind of review with the runtime that does it."""
    reviewers: dict[str, None] = {}
    for job in workflow.jobs.values():
        if job.kind in REVIEWING:
            reviewers[f"{job.role or job.lane}: {workflow.lanes[job.lane].runtime}"] = None
    return tuple(reviewers)


def _row(services: Services, ready: Ready, job: JobId) -> SheetRow:
    spec = ready.workflow.jobs[job]
    base = services.paths.folder(ready.settings.worktrees)
    runtime = ready.workflow.lanes[spec.lane].runtime
    return SheetRow(
        job,
        spec.title,
        job,
        runtime,
        f"gitorch/{ready.run}/{job}",
        str(base / ready.run / job),
    )
