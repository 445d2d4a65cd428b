"""The checks that `check` and `start` share: from a plan or workflow file to a run that is ready to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.executing.redaction import find_secrets_in_files, find_secrets_in_value
from gitorch.app.people.keys import allowed_signers, forge_keys
from gitorch.app.query.lookup import board_of
from gitorch.app.start.allowed_commands import allowed_commands
from gitorch.app.start.facts import preflight_facts
from gitorch.app.start.named_files import read_bytes
from gitorch.app.start.plan_files import digest_of, read_plan, shown
from gitorch.app.start.preparing import preparation_of
from gitorch.app.start.sheet import Ready, Sheet, sheet_of
from gitorch.errors import Malformed, NotFound, Problem
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.plans.plan import Plan
from gitorch.model.values import Value, replace
from gitorch.rules.scope.patterns import artifact_paths, check_patterns, scope_patterns
from gitorch.rules.workflows.compile import (
    compile_plan,
    compile_workflow,
    configured,
    default_settings,
    lane_of,
    reviewer_runtime,
)
from gitorch.rules.workflows.readiness import NOTHING_COMMITTED, check_plan, check_remote, missing_tmux, plan_remarks
from gitorch.text.agents_file import ANY_ARGUMENTS
from gitorch.text.slug import slug

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.app.start.plan_files import PlanRead
    from gitorch.model.ids import CommitId
    from gitorch.model.plans.preflight import PreflightFacts
    from gitorch.model.plans.workflow import Lane, Settings, Workflow, WorkflowSource
    from gitorch.model.work.board import Board

WORKFLOW_SUFFIXES = frozenset({".yaml", ".yml", ".json"})

RUN_NAME_LENGTH = 20
"""The longest part of a run's id that is taken from the plan's title; people type it."""


class CheckResult(Value):
    """What `check` found: every problem, or a sheet and a run that is ready to begin."""

    plan: Plan
    problems: tuple[Problem, ...]
    sheet: Sheet | None = None
    ready: Ready | None = None
    remarks: tuple[Problem, ...] = ()
    """What has no effect, or may mean something else; remarks stop nothing."""
    absent: bool = False
    """Whether the file cannot be read at all."""


def check(
    services: Services,
    path: Path,
    prompt: Path | None = None,
    by_hand: bool = False,
) -> CheckResult:
    """Read a plan or workflow file and check everything that `start` would; nothing is created or changed.

    The suffix of `path` tells which of the two it is. By hand no agent is started, so none of their programs has to be there.
    Every problem is part of the result, a file that cannot be read among them; no error of the file is raised.
    """
    try:
        if path.suffix in WORKFLOW_SUFFIXES:
            return _check_workflow(services, path, by_hand=by_hand)
        return _check_plan(services, path, read_plan(services, path, prompt), by_hand=by_hand)
    except NotFound as error:
        problem = Problem(shown(services, path), 1, 1, error.message, error.hint)
        plan = Plan(problem.path, path.stem, (), digest_of(b""))
        return CheckResult(plan, (problem,), absent=True)


def _check_plan(services: Services, path: Path, read: PlanRead, *, by_hand: bool) -> CheckResult:
    """Check a plan that was read, and compile it where it has no problem."""
    plan, config = read.plan, services.config
    settings = replace(default_settings(config, _valid_settings(plan)), tracker=read.tracker, manual=by_hand)
    if read.close_template:
        settings = replace(settings, close_template=read.close_template)

    target = plan.settings.get("merge_target", config.merge_target)
    lanes = None if by_hand else _plan_lanes(services, plan)
    facts = preflight_facts(services, plan, path, target, lanes)

    files = {"plan.md": read.data}
    briefs: dict[str, Digest] = {}
    for epic in plan.epics:
        section = epic.section.encode()
        files[f"{epic.id}.md"] = section
        briefs[JobId(epic.id)] = Digest(digest_of(section))

    problems = (*check_plan(plan, config, facts), *find_secrets_in_files(plan.path, files))
    remarks = plan_remarks(plan, facts)
    if problems or facts.target_commit is None:
        return CheckResult(plan, problems, remarks=remarks)
    workflow = compile_plan(plan, config, settings, briefs)
    ready = _ready(services, plan, workflow, settings, (target, facts.target_commit), files)
    return _result(services, plan, ready, remarks)


def _valid_settings(plan: Plan) -> Mapping[str, str]:
    """The settings of a plan's front matter; none where the plan's own file has problems."""
    if any(problem.path == plan.path for problem in plan.problems):
        return {}
    return plan.settings


def _plan_lanes(services: Services, plan: Plan) -> Mapping[str, Lane]:
    """A lane for each runtime that the configuration or an epic chooses for writing and reviewing, by runtime."""
    config = services.config
    names = [config.implementer, *(epic.runtime for epic in plan.epics)]
    for stage in config.review_stages:
        names.append(reviewer_runtime(config, stage))
    names += [choice.takeover for choice in config.runtimes.values()]
    return {name: lane_of(config, "lane", name) for name in names if name}


def _check_workflow(services: Services, path: Path, *, by_hand: bool) -> CheckResult:
    """Check a workflow file with its briefs, and compile it where it has no problem."""
    from gitorch.app.start.workflows import read_workflow

    config = services.config
    data, name = read_bytes(path), shown(services, path)
    plan = Plan(name, path.stem, (), digest_of(data))
    try:
        defaults = replace(default_settings(config), manual=by_hand)
        source = read_workflow(path, name, defaults, (services.root,))
    except Malformed as error:
        return CheckResult(plan, error.problems)
    target = source.target or config.merge_target
    patterns = scope_patterns(source)
    plan = replace(plan, title=source.workflow.name, patterns=patterns)
    lanes = None
    if not by_hand:
        lanes = {lane.name: configured(lane, config) for lane in source.workflow.lanes.values()}
    facts = preflight_facts(services, plan, path, target, lanes)
    files = {path.name: data}
    briefs: dict[str, Digest] = {}
    for job, text in source.briefs.items():
        files[f"{job}.md"] = text.encode()
        briefs[job] = Digest(digest_of(text.encode()))
    world = (*_workflow_problems(source, facts), *check_remote(config, facts))
    problems = (*world, *find_secrets_in_files(name, files))
    if problems or facts.target_commit is None:
        return CheckResult(plan, problems)
    found = check_patterns(name, patterns, facts.files, artifact_paths(source), target, "job")
    workflow = compile_workflow(source, config, briefs)
    ready = _ready(
        services,
        plan,
        workflow,
        source.settings,
        (target, facts.target_commit),
        files,
    )
    return _result(services, plan, ready, (*found.problems, *found.remarks))


def _workflow_problems(source: WorkflowSource, facts: PreflightFacts) -> list[Problem]:
    """The problems of a workflow file that the world around it causes; those of a lane at its place in the file."""
    problems: list[Problem] = []
    name = source.workflow.source
    if facts.has_no_commit:
        problems.append(Problem(name, 1, 1, *NOTHING_COMMITTED))
    elif facts.target_commit is None:
        fix = "name a branch that exists with `target:`; gitorch never creates it"
        problems.append(Problem(name, 1, 1, f"The merge target `{facts.target}` is not a local branch.", fix))
    missing = missing_tmux(facts, name)
    if missing is not None:
        problems.append(Problem(name, 1, 1, *missing))
    for lane in facts.runtimes:
        problem = _lane_problem(source, facts, lane)
        if problem is not None:
            problems.append(problem)
    if not facts.base_writable or not facts.base_outside:
        fix = "set `worktrees.base_path` in gitorch.yaml to a folder that can be written, outside the repository"
        problems.append(Problem(name, 1, 1, f"The folder for worktrees cannot be used: {facts.base_path}.", fix))
    return problems


def _lane_problem(source: WorkflowSource, facts: PreflightFacts, lane: str) -> Problem | None:
    """Why a lane's agent could not be started; None where it can."""
    runtime = facts.runtimes[lane]
    if runtime.known and runtime.found:
        return None
    line, column = source.places.get(f"lanes.{lane}", (1, 1))
    if not runtime.known:
        message = f"The runtime of lane `{lane}`, `{source.workflow.lanes[lane].runtime}`, is not known."
        fix = "gitorch doctor lists the runtimes that there are"
    else:
        message = f"The program `{runtime.program}` of lane `{lane}` is not on PATH."
        fix = runtime.install_hint or f"install {runtime.program}"
    return Problem(source.workflow.source, line, column, message, fix)


def _result(services: Services, plan: Plan, ready: Ready, remarks: tuple[Problem, ...] = ()) -> CheckResult:
    """A run that is ready to begin, unless its lanes or settings hold secrets."""
    problems = (
        *find_secrets_in_value(plan.path, ready.workflow, "workflow"),
        *find_secrets_in_value(plan.path, _without_repeats(ready.settings), "settings"),
    )
    if problems:
        return CheckResult(plan, problems, remarks=remarks)
    return CheckResult(plan, (), sheet_of(services, plan, ready), ready, remarks)


def _without_repeats(settings: Settings) -> Settings:
    """The settings without the test command among the commands that agents may run: it is one cause, not two."""
    repeated = f"{settings.test_command}{ANY_ARGUMENTS}"
    others = tuple(command for command in settings.allowed_commands if command != repeated)
    return replace(settings, allowed_commands=others)


def _ready(
    services: Services,
    plan: Plan,
    workflow: Workflow,
    settings: Settings,
    target: tuple[str, CommitId],
    files: Mapping[str, bytes],
) -> Ready:
    """The run as it will be prepared, with the approval settings and signers of this moment. `target` is the branch and its commit."""
    branch, commit = target
    settings = replace(
        settings,
        allowed_commands=allowed_commands(services, commit, settings.test_command),
        approval_at_least=services.config.approval_at_least,
        approval_unattended=services.config.approval_unattended,
        approval_signers=allowed_signers(services),
        forge_keys=forge_keys(services),
        preparation=preparation_of(services, services.config),
    )
    run = _next_run(board_of(services), plan, commit)
    return Ready(
        run,
        plan.title,
        workflow,
        settings,
        branch,
        commit,
        Digest(plan.digest),
        files,
    )


def _next_run(board: Board, plan: Plan, target: CommitId) -> RunId:
    """A free id for the run. It depends only on the plan, its target and the earlier runs, so `start` takes the one that `check` shows."""
    name, number = _shortened(slug(plan.title, "run")), len(board.runs)
    while True:
        seed = f"{board.ledger} {plan.digest} {target} {number}"
        suffix = digest_of(seed.encode()).removeprefix("sha256:")[:4]
        run = RunId(f"{name}-{suffix}")
        if run not in board.runs:
            return run
        number += 1


def _shortened(name: str) -> str:
    """As many whole words of a slug as fit; a longer first word is cut."""
    if len(name) <= RUN_NAME_LENGTH:
        return name
    whole_words = name[: RUN_NAME_LENGTH + 1].rpartition("-")[0]
    return whole_words or name[:RUN_NAME_LENGTH]
