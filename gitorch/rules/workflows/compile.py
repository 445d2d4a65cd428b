"""Compile plans and workflow files into the one kind of workflow that the engine runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import (
    Autonomy,
    Cycle,
    JobKind,
    JobSpec,
    Lane,
    ReviewMode,
    Sandbox,
    Scope,
    Settings,
    Workflow,
)
from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Digest
    from gitorch.model.plans.config import Config
    from gitorch.model.plans.plan import Epic, Plan
    from gitorch.model.plans.workflow import WorkflowSource

IMPLEMENTER = "implementer"
REVIEWER = "reviewer"
GENERIC = "generic"
APPROVAL = JobId("approval")
MERGE = JobId("merge")


def default_settings(config: Config, overrides: Mapping[str, str] | None = None) -> Settings:
    """The settings of a run: those of the configuration, overridden by a plan's front matter.

    Raises ValueError for an override that is no valid value; plans are checked before.
    """
    overrides = overrides or {}
    return Settings(
        autonomy=Autonomy(overrides.get("autonomy", config.default_autonomy)),
        review_mode=ReviewMode(overrides.get("review_mode", config.review_mode)),
        rounds_max=int(overrides.get("rounds_max", config.rounds_max)),
        max_agents=int(overrides.get("max_agents", config.max_agents)),
        test_command=overrides.get("test_command", config.test_command),
        test_wait_seconds=config.test_wait_seconds,
        test_target=config.test_target,
        preparation=config.preparation,
        start_wait_seconds=config.start_wait_seconds,
        silence_seconds=config.silence_seconds,
        lease_seconds=config.lease_seconds,
        restarts_max=config.restarts_max,
        remind_first_seconds=config.remind_first_seconds,
        remind_cap_seconds=config.remind_cap_seconds,
        escalate_seconds=config.escalate_seconds,
        run_seconds_max=config.run_seconds_max,
        job_seconds_max=config.job_seconds_max,
        memory_mib_max=config.memory_mib_max,
        requests_max=config.requests_max,
        sessions_max=config.sessions_max,
        run_budget=config.run_budget,
        epic_budget=config.epic_budget,
        lane_budget=config.lane_budget,
        worktrees=config.base_path,
        cleanup=config.cleanup,
        push_remote=config.push_remote,
        push_ledger=config.push_ledger,
        push_as=config.push_as,
    )


def compile_plan(
    plan: Plan,
    config: Config,
    settings: Settings,
    briefs: Mapping[str, Digest],
) -> Workflow:
    """The workflow of a plan without problems. `briefs` are the digests of briefs by job id (`api`, `api.spec`), if known.

    Each epic becomes a build job, with a review and a cycle back for each stage. One approval needs every epic, and one
    merge needs the approval.
    """
    lanes = _lanes(config) | _epic_lanes(plan, config)
    jobs: dict[JobId, JobSpec] = {}
    cycles: list[Cycle] = []

    for epic in plan.epics:
        build = _build(epic, briefs)
        jobs[build.id] = build
        for stage, name in enumerate(config.review_stages, 1):
            review = _review(build, stage, name, reviewer_lane(config, name), briefs)
            jobs[review.id] = review
            cycles.append(Cycle(review.id, build.id, settings.rounds_max - 1))

    work = tuple(JobId(epic.id) for epic in plan.epics)
    jobs[APPROVAL] = JobSpec(APPROVAL, "Approve the merge", JobKind.CHECKPOINT, "", needs=work)
    jobs[MERGE] = JobSpec(MERGE, "Merge what was approved", JobKind.MERGE, "", needs=(APPROVAL,))

    return Workflow(plan.title, "1", plan.path, with_takeovers(lanes, config), jobs, tuple(cycles))


def compile_workflow(source: WorkflowSource, config: Config, briefs: Mapping[str, Digest]) -> Workflow:
    """The workflow of a file, ready to run.

    Jobs get the digests of their briefs, and lanes their runtimes as the configuration defines them.
    """
    jobs = {}
    for job, spec in source.workflow.jobs.items():
        jobs[job] = replace(spec, brief=briefs.get(job, spec.brief))

    lanes = {}
    for name, lane in source.workflow.lanes.items():
        lanes[name] = configured(lane, config)

    return replace(source.workflow, jobs=jobs, lanes=with_takeovers(lanes, config))


def configured(lane: Lane, config: Config) -> Lane:
    """A lane of a workflow file, completed from the configuration of its runtime. The file's own values win.

    A lane with only a command runs a program that gitorch has no preset for. The sandbox is the
    configured one unless the file names another; network and writable folders are always configured.
    """
    base = lane_of(config, lane.name, lane.runtime or GENERIC)

    return replace(
        lane,
        runtime=base.runtime,
        command=lane.command or base.command,
        env={**base.env, **lane.env},
        model=lane.model or base.model,
        one_shot=lane.one_shot or base.one_shot,
        permissions=lane.permissions or base.permissions,
        trust=lane.trust or base.trust,
        sandbox=base.sandbox if lane.sandbox is Sandbox.NONE else lane.sandbox,
        network=base.network,
        writable=base.writable,
        takeover=base.takeover,
    )


def reviewer_lane(config: Config, stage: str) -> str:
    """The lane that reviews a stage.

    One lane reviews all stages, unless different runtimes review them.
    """
    runtimes = {reviewer_runtime(config, name) for name in config.review_stages}
    if len(runtimes) <= 1:
        return REVIEWER

    return f"{REVIEWER}-{stage}"


def reviewer_runtime(config: Config, stage: str) -> str:
    """The runtime that reviews a stage (P21).

    It is the one that the configuration sets for the stage, otherwise the first with another preset than the author's,
    otherwise the author's own, whose reviews still run in fresh sessions.
    """
    chosen = config.reviewers.get(stage)
    if chosen:
        return chosen

    author = _preset_of(config, config.implementer)
    for name in config.runtimes:
        if _preset_of(config, name) != author:
            return name

    return config.implementer


def _preset_of(config: Config, runtime: str) -> str:
    """The preset of a configured runtime; any other runtime is a preset itself."""
    if runtime not in config.runtimes:
        return runtime

    return config.runtimes[runtime].preset


def lane_of(config: Config, name: str, runtime: str) -> Lane:
    """A lane that runs this runtime, with its preset, command, environment and permissions as configured.

    A runtime without configuration is taken for a preset with that name.
    """
    choice = config.runtimes.get(runtime)
    if choice is None:
        return Lane(name, runtime)

    return Lane(
        name,
        choice.preset or runtime,
        command=choice.command,
        env=choice.env,
        model=choice.model,
        one_shot=choice.one_shot,
        permissions=choice.permissions,
        trust=choice.trust,
        sandbox=choice.sandbox,
        network=choice.network,
        writable=choice.writable,
        takeover=choice.takeover,
    )


def with_takeovers(lanes: Mapping[str, Lane], config: Config) -> dict[str, Lane]:
    """The lanes, and one for each runtime that takes over; a lane names that lane in place of the runtime."""
    found = dict(lanes)
    for name, lane in lanes.items():
        if not lane.takeover:
            continue

        other = f"{name}-{lane.takeover}"
        found[name] = replace(lane, takeover=other)
        found.setdefault(
            other,
            replace(
                lane_of(config, other, lane.takeover),
                worktree=lane.worktree,
                commits=lane.commits,
                constraints=lane.constraints,
                timeouts=lane.timeouts,
                takeover="",
            ),
        )

    return found


def _lanes(config: Config) -> dict[str, Lane]:
    """The implementer's lane and the lanes of the reviewers, by name."""
    implementer = lane_of(config, IMPLEMENTER, config.implementer)
    lanes = {IMPLEMENTER: replace(implementer, commits=config.commits)}

    for stage in config.review_stages:
        name = reviewer_lane(config, stage)
        lanes[name] = lane_of(config, name, reviewer_runtime(config, stage))

    return lanes


def _epic_lanes(plan: Plan, config: Config) -> dict[str, Lane]:
    """A lane for each runtime that epics choose themselves, by name."""
    lanes: dict[str, Lane] = {}
    for epic in plan.epics:
        if epic.runtime:
            name = _build_lane(epic)
            lanes[name] = replace(lane_of(config, name, epic.runtime), commits=config.commits)

    return lanes


def _build_lane(epic: Epic) -> str:
    """The lane that works on an epic."""
    if not epic.runtime:
        return IMPLEMENTER
    return f"{IMPLEMENTER}-{epic.runtime}"


def _build(epic: Epic, briefs: Mapping[str, Digest]) -> JobSpec:
    """The build job of an epic. Tasks that the tracker shows as done are left out of its brief."""
    return JobSpec(
        JobId(epic.id),
        epic.title,
        JobKind.BUILD,
        _build_lane(epic),
        needs=tuple(JobId(other) for other in epic.needs),
        brief=briefs.get(epic.id),
        scope=Scope(epic.scope_allowed, epic.scope_forbidden),
        tasks=tuple(task.text for task in epic.tasks if not (epic.issue and task.done)),
        issue=epic.issue,
        issue_tasks=epic.issue_tasks,
        host_labels=epic.host_labels,
    )


def _review(
    build: JobSpec,
    stage: int,
    name: str,
    lane: str,
    briefs: Mapping[str, Digest],
) -> JobSpec:
    """The review of a build job in one stage, counted from 1.

    Its id is that of the build with the name of the stage: `api.spec`.
    """
    job = JobId(f"{build.id}.{name}")
    return JobSpec(
        job,
        f"{name.replace('-', ' ').capitalize()} review of {build.id}",
        JobKind.REVIEW,
        lane,
        needs=(build.id,),
        brief=briefs.get(job),
        role=name,
        subject=build.id,
        stage=stage,
    )
