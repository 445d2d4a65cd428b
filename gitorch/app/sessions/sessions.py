"""Single agents: created on their own, listed, retried, restarted, interrupted, stopped.

A single agent is a run of one job without reviews, so that every rule for a run's agents holds for it too.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute, execute_verb, only_people
from gitorch.app.query.lookup import active_runs, find_run, find_session, load_runs, only_run, run_lines, unsettled_runs
from gitorch.app.query.runs import observe_sessions
from gitorch.app.query.runtime_facts import runtime_facts
from gitorch.app.query.target import target_head
from gitorch.app.query.this_host import is_here
from gitorch.app.sessions.teardown import last_usage, tear_down
from gitorch.app.start.preflight import CheckResult
from gitorch.app.start.prepare import prepare_run
from gitorch.app.start.preparing import preparation_of
from gitorch.app.start.sheet import Ready
from gitorch.errors import Busy, NotFound, Refused, Unavailable, Usage
from gitorch.model import commands
from gitorch.model.channel import REFUSED
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.path_text import shell_word
from gitorch.model.plans.plan import Plan
from gitorch.model.plans.workflow import JobKind, JobSpec, Workflow
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey, SessionPhase
from gitorch.rules.messages.mail import job_named
from gitorch.rules.views.presence import session_rows
from gitorch.rules.workflows.compile import default_settings, lane_of
from gitorch.text.slug import epic_id_fault, slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.app.executing.execute import Caller
    from gitorch.app.services import Services
    from gitorch.model.ids import SessionId
    from gitorch.model.plans.preflight import RuntimeFacts
    from gitorch.model.plans.workflow import Lane
    from gitorch.model.view import SessionRow
    from gitorch.model.work.run import Run

NEVER_SECONDS = 10_000_000
"""The silence limit of an agent that waits for messages: its silence means nothing."""

LANE = "own"
SOURCE = "gitorch session create"
"""The source that marks the workflow of a single agent."""

STANDING_BY = "Wait for the principal, who tells you what to do here or by message."


def checked_name(name: str, command: str) -> JobId:
    """The name, as the id of a job: no name leaves its folder or reads as an option.

    `command` is the hint of an error, without the name at its end.

    Raises Usage for one that does, is too long or has other characters, with the reason.
    """
    fault = epic_id_fault(name)
    if fault:
        raise Usage(f"{name[:60]!r} {fault}", f"{command} {_valid_name(name)}")

    return JobId(name)


def _valid_name(name: str) -> str:
    """The nearest name that is valid; another one where nothing is left of it, or where the result is a reserved word."""
    made = slug(name)
    if epic_id_fault(made):
        return "helper"

    return made


def create(
    services: Services,
    caller: Caller,
    name: str,
    runtime: str,
    task: str,
) -> Run:
    """Record a single agent: a run of one job without reviews, on a branch of its own.

    An empty `runtime` means the configured one, an empty `task` that the agent waits for the principal.
    Nothing is started: the next tick does that.

    Raises Usage for a bad name.
    Raises NotFound for an unknown runtime or target.
    Raises Unavailable for a missing program.
    Raises Refused for a name that an active run uses.
    """
    job = checked_name(name, "gitorch session create")
    config = services.config
    lane = lane_of(config, LANE, runtime or config.implementer)
    _require_runtime(services, lane)
    _require_free(services, job)

    ready = _ready(services, job, lane, task)
    plan = Plan(SOURCE, ready.title, (), ready.plan_digest)
    checked = CheckResult(plan, (), ready=ready)
    return prepare_run(services, caller, checked, ready.settings.autonomy, "typed", merges=False)


def _ready(services: Services, job: JobId, lane: Lane, task: str) -> Ready:
    """The run of a single agent before it is recorded, from the newest commit of the target. Raises NotFound without it."""
    config = services.config
    target = config.merge_target
    commit = target_head(services, target)
    if commit is None:
        raise NotFound(
            f"the branch {target} that its work would start from does not exist", f"git branch {shell_word(target)}"
        )

    brief = (task.strip() or STANDING_BY).encode()
    named = f"{job}\n".encode() + brief  # two agents may have one task
    title = f"Agent {job}"
    spec = JobSpec(job, title, JobKind.GENERIC, LANE, brief=_digest(brief))
    return Ready(
        run=RunId(f"{job}-{services.secrets.nonce()[:4]}"),
        title=title,
        workflow=Workflow(title, "1", SOURCE, {LANE: lane}, {job: spec}),
        settings=replace(
            default_settings(config),
            silence_seconds=NEVER_SECONDS,
            test_command="",
            preparation=preparation_of(services, config),
        ),
        target=target,
        target_commit=commit,
        plan_digest=_digest(named),
        files={f"{job}.md": brief},
    )


def _digest(content: bytes) -> Digest:
    """The SHA-256 of a content, as records name it."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def _require_runtime(services: Services, lane: Lane) -> None:
    """Raises NotFound for a runtime that nobody defines, Unavailable where its program is missing."""
    if not lane.runtime:
        raise NotFound("no agent program is configured: gitorch.yaml names no runtime", "gitorch doctor")

    facts = runtime_facts(services, lane)
    if not facts.known:
        raise NotFound(f"there is no runtime {lane.runtime}", "gitorch doctor")

    _require_program(lane, facts)


def _require_program(lane: Lane, facts: RuntimeFacts) -> None:
    """Raises Unavailable where the runtime's program is missing."""
    if not facts.found:
        message = f"{facts.program} of runtime {lane.runtime} is not on PATH"
        raise Unavailable(message, facts.install_hint or "gitorch doctor")


def _require_free(services: Services, job: JobId) -> None:
    """Raises Refused where an active run has a job of this name."""
    for line in run_lines(services):
        if not line.phase.is_over and job in line.epics:
            raise Refused(f"{job} is an agent of run {line.id}", f"gitorch session list {line.id}")


def find_agent(services: Services, name: str, run_name: str | None) -> tuple[Run, JobId]:
    """The run and job of an agent, by the whole id of its job or session.

    It is searched for in the run that is named, otherwise in every active run.
    Raises NotFound where no run has it, Usage where several have it.
    """
    having = [run for run in _runs_or_all(services, run_name, active_runs) if job_named(run, name) is not None]
    run = only_run(having, f"several runs have {name}", "gitorch session list")
    if run is not None:
        job = job_named(run, name)
        if job is not None:
            return run, job

    raise NotFound(f"no run that is open has a job or session {name}", "gitorch session list")


def _left_agent(services: Services, name: str, run_name: str | None) -> tuple[Run, JobId] | None:
    """The agent of this name whose work is over and whose session has not ended; None without one, and while one is at work."""
    found: tuple[Run, JobId] | None = None
    for run in _runs_or_all(services, run_name, unsettled_runs):
        job = job_named(run, name)
        if job is None:
            continue

        if not run.phase.is_over and not run.jobs[job].phase.is_over:
            return None

        if run.living_session(run.jobs[job]) is not None:
            found = run, job

    return found


def _runs_or_all(
    services: Services,
    run_name: str | None,
    all_runs: Callable[[Services], tuple[RunId, ...]],
) -> list[Run]:
    """The run that is named, otherwise all those that `all_runs` gives."""
    if run_name is not None:
        return [find_run(services, run_name)]

    return load_runs(services, all_runs(services))


def list_agents(services: Services, run_name: str | None) -> tuple[SessionRow, ...]:
    """Every agent of the unsettled runs, or of one run, as its terminal shows it now; oldest run first.

    Raises NotFound for an unknown run, Usage for a prefix of several.
    """
    now = services.clock.now()
    rows: list[SessionRow] = []
    for run in _runs_or_all(services, run_name, unsettled_runs):
        rows.extend(session_rows(run, observe_sessions(services, run), now))
    return tuple(rows)


def retry(
    services: Services,
    caller: Caller,
    name: str,
    run_name: str | None,
    text: str = "",
) -> tuple[Run, JobId]:
    """Try a job again that cannot go on; `text` is added to the agent's brief.

    Gives the run as it is afterwards, and the job. The agent is started by the next tick.
    Raises Refused where the job can go on by itself, Denied for everybody but the principal.
    """
    run, job = find_agent(services, name, run_name)
    state, _ = execute_verb(services, run.id, caller.actor, commands.RetryJob(job, text), "retry")
    return state.run or run, job


def restart(
    services: Services,
    caller: Caller,
    name: str,
    run_name: str | None,
) -> tuple[Run, JobId]:
    """Start a new agent for a job. The old one is ended at once, or by a running `gitorch up`.

    The new one begins in the same worktree, with the commits that are there.
    Raises Refused where the job has no agent to replace, Denied for everybody but the principal.
    """
    run, job = find_agent(services, name, run_name)
    state, _ = execute_verb(services, run.id, caller.actor, commands.RestartAgent(job), "session restart")
    return _end_session(services, state.run or run, run.jobs[job].session), job


def interrupt(services: Services, caller: Caller, name: str, run_name: str | None) -> tuple[Run, JobId]:
    """End the turn of an agent at work. The agent stays, and waits for its next prompt.

    Nothing is recorded, as when a person presses the key in its terminal.
    Raises Refused where no turn is under way, Denied for everybody but the principal.
    """
    only_people(services, caller, "session interrupt")
    run, session = find_session(services, name, run_name)
    job = run.sessions[session].job
    result = services.terminals.interrupt(SessionKey(run.id, session))
    if result.startswith(REFUSED):
        raise Refused(f"{job} was not interrupted: {result.removeprefix(REFUSED)}", f"gitorch peek {job}")

    return run, job


def stop(
    services: Services,
    caller: Caller,
    name: str,
    run_name: str | None,
) -> tuple[Run, JobId]:
    """End the agent of a job, which then waits for an answer; a single agent ends with its run.

    It is ended at once, or by a running `gitorch up`. Its worktree and branch stay. An agent whose work is over already, and whose
    terminal is still there, is ended without a decision.
    Raises Refused where the job has no agent, Denied for everybody but the principal.
    """
    left = _left_agent(services, name, run_name)
    if left is not None:
        only_people(services, caller, "session stop")
        run, job = left
        return _end_session(services, run, run.jobs[job].session), job

    run, job = find_agent(services, name, run_name)
    command: commands.Command = commands.StopAgent(job)
    if is_single_agent(run):
        command = commands.CancelRun(f"{name} was stopped")
    state, _ = execute_verb(services, run.id, caller.actor, command, "session stop")
    return _end_session(services, state.run or run, run.jobs[job].session), job


def is_single_agent(run: Run) -> bool:
    """Whether a run was made by `session create`."""
    return run.workflow.source == SOURCE


def _end_session(services: Services, run: Run, session: SessionId | None) -> Run:
    """End a session that was given up, unless a running loop does it; gives the run as it is afterwards.

    One that lives on another host is ended by that host's loop.
    """
    if session is None or run.sessions[session].phase is SessionPhase.ENDED:
        return run

    if not is_here(services, run, session):
        return run

    return _end_now(services, run, session)


def _end_now(services: Services, run: Run, session: SessionId) -> Run:
    """End the session unless a running loop does it."""
    try:
        with services.ledger.hold("up"):
            # Before the record: from then on another agent may start in the same worktree.
            tear_down(services, run, session)
            for command in last_usage(services, run, session):
                execute(services, run.id, services.host, command)
            state, _ = execute(services, run.id, services.host, commands.EndSession(session, "stopped"))
            return state.run or run
    except Busy:
        return run
