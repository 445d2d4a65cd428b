"""The question sheet of a run: what will be done, by whom and where, shown before anything exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import board_of
from gitorch.model.plans.workflow import REVIEWING, JobKind, Sandbox
from gitorch.model.values import Value, replace
from gitorch.rules.views.dry_run import way_back, ways_out
from gitorch.rules.workflows.compile import lane_of
from gitorch.rules.workflows.graph import execution_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, Digest, JobId, RunId
    from gitorch.model.plans.config import Config
    from gitorch.model.plans.plan import Plan
    from gitorch.model.plans.workflow import Autonomy, JobSpec, Lane, ReviewMode, Settings, Workflow


class SheetRow(Value):
    """One job of the execution plan, with everything that will be made for it."""

    job: str
    title: str
    agent: str
    runtime: str
    branch: str
    worktree: str
    model: str = ""
    """The model of its lane; empty for the program's own choice."""
    allowed: tuple[str, ...] = ()
    """The globs that it may write; empty for everything."""
    forbidden: tuple[str, ...] = ()
    named: str = ""
    """What the configuration calls this runtime, where that is not the name of its preset."""
    sandbox: str = ""
    """What holds its program, such as `bwrap`; empty for nothing."""


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
    """The jobs of a batch run side by side where their worktrees differ; a batch needs those before it."""
    reviewers: tuple[str, ...]
    max_agents: int
    test_command: str
    review_mode: ReviewMode
    rounds_max: int
    settings: Settings
    merges: bool = True
    """Whether the run merges anything."""
    ways_back: tuple[str, ...] = ()
    """Each way back of a workflow file's reviews, as a sentence. Plans have one for each review."""
    checkpoints: tuple[str, ...] = ()
    """Each job at which a person decides, with what its answers lead to; without the approval of a plan's merge."""


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
        merges=ready.workflow.merges,
        ways_back=_ways_back(plan, ready.workflow),
        checkpoints=_checkpoints(plan, ready.workflow),
    )


def _configured_name(config: Config, lane: Lane) -> str:
    """The name under `runtimes` of what a lane runs; empty where that is its preset's, and where none is exactly this."""
    for name in (lane.runtime, *config.runtimes):
        found = lane_of(config, lane.name, name)
        if found == replace(lane, commits=found.commits, takeover=found.takeover, host_labels=found.host_labels):
            return name if name != lane.runtime else ""

    return ""


def _sandbox(lane: Lane) -> str:
    """What holds a lane's agents; empty for nothing."""
    if lane.sandbox is Sandbox.NONE:
        return ""

    return str(lane.sandbox)


def _ways_back(plan: Plan, workflow: Workflow) -> tuple[str, ...]:
    """The ways back that a workflow file declares; none for a plan, whose sheet names the rounds."""
    if plan.epics:
        return ()

    return tuple(f"{cycle.review} {way_back(cycle)}" for cycle in workflow.cycles)


def _checkpoints(plan: Plan, workflow: Workflow) -> tuple[str, ...]:
    """The checkpoints that a workflow file declares; none for a plan."""
    if plan.epics:
        return ()

    checkpoints: list[str] = []
    for job, spec in workflow.jobs.items():
        if spec.kind is JobKind.CHECKPOINT:
            checkpoints.append(f"{job}: {ways_out(workflow, spec)}")

    return tuple(checkpoints)


def _reviewers(workflow: Workflow) -> tuple[str, ...]:
    """Each kind of review with the runtime that does it."""
    reviewers: dict[str, None] = {}
    for job in workflow.jobs.values():
        if job.kind in REVIEWING:
            lane = workflow.lanes[job.lane]
            model = f" ({lane.model})" if lane.model else ""
            reviewers[f"{job.role or job.lane}: {lane.runtime}{model}{_same_model(workflow, job)}"] = None
    return tuple(reviewers)


def _same_model(workflow: Workflow, review: JobSpec) -> str:
    """A remark on a review by the model that writes the work, as far as the lanes name their models."""
    judge = workflow.lanes[review.lane].model
    if not judge or review.subject is None:
        return ""

    author = workflow.jobs[review.subject].lane
    if workflow.lanes[author].model != judge:
        return ""

    return ", the model that writes the work"


def _row(services: Services, ready: Ready, job: JobId) -> SheetRow:
    spec = ready.workflow.jobs[job]
    base = services.paths.folder(ready.settings.worktrees)
    lane = ready.workflow.lanes[spec.lane]
    return SheetRow(
        job,
        spec.title,
        job,
        lane.runtime,
        f"gitorch/{ready.run}/{job}",
        str(base / ready.run / services.paths.name_of(job, lane)),
        lane.model,
        spec.scope.allowed,
        spec.scope.forbidden,
        _configured_name(services.config, lane),
        _sandbox(lane),
    )
