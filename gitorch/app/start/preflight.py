"""From a plan's file to a run: the checks that `check` and `start` share, the question sheet, and the beginning."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitorch.app.execute import execute, execute_verb
from gitorch.app.people.keys import allowed_signers
from gitorch.app.redaction import find_secrets_in_files, find_secrets_in_value
from gitorch.app.start.plan_files import digest_of, read_bytes, read_plan, shown
from gitorch.errors import Malformed, NotFound, Problem, Refused
from gitorch.model import commands, events
from gitorch.model.board import Board
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.message import PRINCIPAL
from gitorch.model.plan import Plan
from gitorch.model.preflight import PreflightFacts, RuntimeFacts
from gitorch.model.run import OVER
from gitorch.model.values import Value, replace
from gitorch.model.workflow import REVIEWING
from gitorch.rules.ensure import not_begun, run_there
from gitorch.rules.workflows.compile import (
    compile_plan,
    compile_workflow,
    configured,
    default_settings,
    lane_of,
    reviewer_runtime,
)
from gitorch.rules.workflows.graph import execution_plan
from gitorch.rules.workflows.readiness import check_plan
from gitorch.text.slug import slug

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.app.callers import Caller
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId
    from gitorch.model.run import Run
    from gitorch.model.workflow import Autonomy, Lane, ReviewMode, Settings, Workflow, WorkflowSource

WORKFLOW_SUFFIXES = frozenset({".yaml", ".yml", ".json"})


class SheetRow(Value):
    """One job of the execution plan, with everything that will be made for it."""

    job: str
    title: str
    agent: str
    runtime: str
    branch: str
    worktree: str


class Sheet(Value):
    """The question sheet: what will be done, by whom, where; nothing of it exists before it is answered."""

    title: str
    plan_path: str
    autonomy: Autonomy
    target: str
    target_commit: CommitId
    target_confirmed: bool
    batches: tuple[tuple[SheetRow, ...], ...]
    reviewers: tuple[str, ...]
    max_agents: int
    test_command: str
    review_mode: ReviewMode
    rounds_max: int
    settings: Settings


class Ready(Value):
    """All that a run needs, read and compiled, before anything is recorded. `files` are attached to its first record."""

    run: RunId
    title: str
    workflow: Workflow
    settings: Settings
    target: str
    target_commit: CommitId
    plan_digest: Digest
    files: Mapping[str, bytes]


class CheckResult(Value):
    """What `check` found: a sheet and a run ready to begin, or every problem; `absent` says that the file cannot be read at all."""

    plan: Plan
    problems: tuple[Problem, ...]
    sheet: Sheet | None = None
    ready: Ready | None = None
    absent: bool = False


def check(services: Services, path: Path, prompt: Path | None = None, by_hand: bool = False) -> CheckResult:
    """Read a plan or workflow file and check everything that `start` would; nothing is created or changed.

    By hand no agent is started, so that none of their programs has to be there.
    """
    try:
        if path.suffix in WORKFLOW_SUFFIXES:
            return _check_workflow(services, path, by_hand=by_hand)
        read = read_plan(services, path, prompt)
    except NotFound as gone:
        problem = Problem(shown(services, path), 1, 1, gone.message, gone.hint)
        return CheckResult(Plan(problem.path, path.stem, (), digest_of(b"")), (problem,), absent=True)
    plan, data = read.plan, read.data
    settings = replace(default_settings(services.config, _spoken(plan)), tracker=read.tracker, manual=by_hand)
    target = plan.settings.get("merge_target", services.config.merge_target)
    facts = _facts(services, plan, path, target, {} if by_hand else _plan_runtimes(services))
    sections = {JobId(epic.id): epic.section.encode() for epic in plan.epics}
    files = {"plan.md": data, **{f"{job}.md": section for job, section in sections.items()}}
    problems = (*check_plan(plan, services.config, facts), *find_secrets_in_files(plan.path, files))
    if problems or facts.target_commit is None:
        return CheckResult(plan, problems)
    briefs: dict[str, Digest] = {job: _digest(section) for job, section in sections.items()}
    workflow = compile_plan(plan, services.config, settings, briefs)
    ready = _ready(services, plan, workflow, settings, (target, facts.target_commit), files)
    return _whole(services, plan, ready)


def _whole(services: Services, plan: Plan, ready: Ready) -> CheckResult:
    """What may begin, unless its lanes or settings hold what no ledger should."""
    problems = (
        *find_secrets_in_value(plan.path, ready.workflow, "workflow"),
        *find_secrets_in_value(plan.path, ready.settings, "settings"),
    )
    return CheckResult(plan, problems) if problems else CheckResult(plan, (), _sheet(services, plan, ready), ready)


def _check_workflow(services: Services, path: Path, *, by_hand: bool) -> CheckResult:
    from gitorch.app.start.workflows import read_workflow

    data, name = read_bytes(path), shown(services, path)
    plan = Plan(name, path.stem, (), _digest(data))
    try:
        defaults = replace(default_settings(services.config), manual=by_hand)
        source = read_workflow(path, name, defaults, (services.root,))
    except Malformed as wrong:
        return CheckResult(plan, wrong.problems)
    target = source.target or services.config.merge_target
    plan = replace(plan, title=source.workflow.name)
    lanes = source.workflow.lanes.values() if not by_hand else ()
    runtimes = {lane.name: configured(lane, services.config) for lane in lanes}
    facts = _facts(services, plan, path, target, runtimes)
    texts = {job: text.encode() for job, text in source.briefs.items()}
    files = {path.name: data, **{f"{job}.md": text for job, text in texts.items()}}
    problems = (*_workflow_problems(source, facts), *find_secrets_in_files(name, files))
    if problems or facts.target_commit is None:
        return CheckResult(plan, problems)
    workflow = compile_workflow(source, services.config, {job: _digest(text) for job, text in texts.items()})
    ready = _ready(services, plan, workflow, source.settings, (target, facts.target_commit), files)
    return _whole(services, plan, ready)


def _workflow_problems(source: WorkflowSource, facts: PreflightFacts) -> list[Problem]:
    """What the world lacks for a workflow file: the same checks as for a plan, a lane's at its place."""
    problems, name = [], source.workflow.source
    if facts.target_commit is None:
        fix = "name a branch that exists with `target:`; gitorch never creates it"
        problems.append(Problem(name, 1, 1, f"The merge target `{facts.target}` is no local branch.", fix))
    for lane, found in facts.runtimes.items():
        line, column = source.places.get(f"lanes.{lane}", (1, 1))
        if not found.known:
            message = f"The runtime of lane `{lane}`, `{source.workflow.lanes[lane].runtime}`, is not known."
            problems.append(Problem(name, line, column, message, "gitorch doctor lists the runtimes that there are"))
        elif not found.found:
            fix = found.install_hint or f"install {found.program}"
            message = f"The program `{found.program}` of lane `{lane}` is not on PATH."
            problems.append(Problem(name, line, column, message, fix))
    if not facts.base_writable or not facts.base_outside:
        fix = "set `worktrees.base_path` in gitorch.yaml to a folder that can be written, outside the repository"
        problems.append(Problem(name, 1, 1, f"The folder for worktrees cannot be used: {facts.base_path}.", fix))
    return problems


def _spoken(plan: Plan) -> Mapping[str, str]:
    """The settings of a plan's front matter, unless they are among its problems."""
    wrong = any(p.path == plan.path for p in plan.problems)
    return {} if wrong else plan.settings


def _digest(data: bytes) -> Digest:
    return Digest(digest_of(data))


def _plan_runtimes(services: Services) -> Mapping[str, Lane]:
    names = (
        services.config.implementer,
        *(reviewer_runtime(services.config, s) for s in services.config.review_stages),
    )
    return {name: lane_of(services.config, "lane", name) for name in names if name}


def _facts(services: Services, plan: Plan, path: Path, target: str, lanes: Mapping[str, Lane]) -> PreflightFacts:
    base = services.paths.folder(services.config.base_path)
    commit = services.git.resolve(target)
    design = plan.design
    return PreflightFacts(
        design_exists=not design or (path.parent / design).exists() or (services.root / design).exists(),
        target=target,
        target_commit=commit,
        target_behind=services.git.behind_remote(target) if commit is not None else 0,
        branches=services.git.branches(),
        base_path=str(base),
        base_writable=_can_be_made(base),
        base_outside=not base.resolve().is_relative_to(services.root.resolve()),
        runtimes=_runtime_facts(services, lanes),
        busy_epics=_busy_epics(services),
        signers=allowed_signers(services),
    )


def _can_be_made(folder: Path) -> bool:
    """Whether files can be put into a folder, or it can be made: its nearest existing parent is a folder to write in."""
    for place in (folder, *folder.parents):
        if place.exists():
            return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return False


def _runtime_facts(services: Services, lanes: Mapping[str, Lane]) -> Mapping[str, RuntimeFacts]:
    return {name: runtime_facts(services, lane) for name, lane in lanes.items()}


def runtime_facts(services: Services, lane: Lane) -> RuntimeFacts:
    """Whether a lane's preset is known and its program can be run here."""
    try:
        preset = services.preset(lane)
    except NotFound:
        return RuntimeFacts(known=False)
    program = preset.argv[0] if preset.argv else ""
    return RuntimeFacts(True, program, bool(services.programs.find(program)), preset.install_hint)


def _busy_epics(services: Services) -> Mapping[str, RunId]:
    if not services.ledger.exists():
        return {}
    lines = services.ledger.state(None).board.runs.values()
    return {epic: line.id for line in lines if line.phase not in OVER for epic in line.epics}


def _ready(
    services: Services,
    plan: Plan,
    workflow: Workflow,
    settings: Settings,
    target: tuple[str, CommitId],
    files: Mapping[str, bytes],
) -> Ready:
    settings = replace(
        settings,
        approval_at_least=services.config.approval_at_least,
        approval_unattended=services.config.approval_unattended,
        approval_signers=allowed_signers(services),
    )
    board = services.ledger.state(None).board if services.ledger.exists() else Board()
    run = _next_run(board, plan, target[1])
    return Ready(run, plan.title, workflow, settings, target[0], target[1], Digest(plan.digest), files)


def _next_run(board: Board, plan: Plan, target: CommitId) -> RunId:
    """An id that nobody has, and that `check` shows as `start` will take it: of what is started, on what, after what."""
    name, number = _short(slug(plan.title, "run")), len(board.runs)
    while True:
        said = f"{board.ledger} {plan.digest} {target} {number}"
        run = RunId(f"{name}-{_digest(said.encode()).removeprefix('sha256:')[:4]}")
        if run not in board.runs:
            return run
        number += 1


def _short(name: str, most: int = 20) -> str:
    """As many whole words of a slug as fit; runs are typed by people."""
    kept = name[: most + 1].rpartition("-")[0] if len(name) > most else name
    return kept or name[:most]


def _sheet(services: Services, plan: Plan, ready: Ready) -> Sheet:
    board = services.ledger.state(None).board if services.ledger.exists() else None
    reviews = [j for j in ready.workflow.jobs.values() if j.kind in REVIEWING]
    runtimes = {f"{j.role or j.lane}: {ready.workflow.lanes[j.lane].runtime}": None for j in reviews}
    return Sheet(
        title=plan.title,
        plan_path=plan.path,
        autonomy=ready.settings.autonomy,
        target=ready.target,
        target_commit=ready.target_commit,
        target_confirmed=board is not None and board.confirms_target(ready.target),
        batches=tuple(tuple(_row(services, ready, job) for job in batch) for batch in execution_plan(ready.workflow)),
        reviewers=tuple(runtimes),
        max_agents=ready.settings.max_agents,
        test_command=ready.settings.test_command,
        review_mode=ready.settings.review_mode,
        rounds_max=ready.settings.rounds_max,
        settings=ready.settings,
    )


def _row(services: Services, ready: Ready, job: JobId) -> SheetRow:
    spec = ready.workflow.jobs[job]
    base = services.paths.folder(ready.settings.worktrees)
    runtime = ready.workflow.lanes[spec.lane].runtime
    return SheetRow(job, spec.title, job, runtime, f"gitorch/{ready.run}/{job}", str(base / ready.run / job))


def refuse(services: Services, caller: Caller, checked: CheckResult) -> None:
    """Keep in the ledger that this plan was refused, and why. Without a ledger there is nothing to keep it in.

    Raises Refused where all that is wrong with it is that a run works on it already.
    """
    if services.ledger.exists():
        not_begun(services.ledger.state(None).board, Digest(checked.plan.digest))
        failures = tuple(f"{p.where}: {p.message}" for p in checked.problems)
        told = coordinator(services, checked.plan)
        execute_verb(services, None, caller.actor, commands.RejectPlan(checked.plan.path, failures, told), "start")


def coordinator(services: Services, plan: Plan) -> str:
    """Who is told what is wrong with a plan: whom it names, else whom the configuration names, else who sent it, else the principal."""
    named = plan.settings.get("coordinator") or services.config.coordinator
    if named:
        return f"@{named.removeprefix('@')}"
    held = services.ledger.state(None).board.messages.values()
    return next((m.sender for m in held if m.announces_plan and m.plan == plan.path), PRINCIPAL)


def begin(
    services: Services, caller: Caller, checked: CheckResult, autonomy: Autonomy, proof: str, *, merges: bool = True
) -> Run:
    """Record the answered sheet: the target confirmed, the run prepared and confirmed. `up` takes it from there."""
    ready = checked.ready
    if ready is None:
        message = f"{checked.plan.path} has problems and cannot be started"
        raise Refused(message, f"gitorch check {checked.plan.path}")
    if not services.ledger.exists():
        services.ledger.create(caller.actor, services.clock.now(), f"L-{services.secrets.nonce()}")
    if merges:
        execute_verb(services, None, caller.actor, commands.ConfirmTarget(ready.target), "start")
    prepare = commands.PrepareRun(
        run=ready.run,
        title=ready.title,
        plan=checked.plan.path,
        plan_digest=ready.plan_digest,
        target=ready.target,
        target_commit=ready.target_commit,
        workflow=ready.workflow,
    )
    confirm = commands.ConfirmRun(replace(ready.settings, autonomy=autonomy), proof, services.git.settings_snapshot())
    state, _ = execute(services, ready.run, caller.actor, (prepare, confirm), {events.RunPrepared: ready.files})
    return run_there(state)
