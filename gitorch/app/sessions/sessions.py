"""Single agents: created on their own, listed, retried, restarted, stopped.

A single agent is a run of one job without reviews, so that every rule for a run's agents holds for it too.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.app.execute import execute, execute_verb
from gitorch.app.query.lookup import active_runs, find_run, load_runs, only_run, run_lines, unsettled_runs
from gitorch.app.query.runs import observe_sessions
from gitorch.app.sessions.teardown import tear_down
from gitorch.app.start.facts import runtime_facts
from gitorch.app.start.preflight import CheckResult
from gitorch.app.start.prepare import prepare_run
from gitorch.app.start.sheet import Ready
from gitorch.errors import Busy, NotFound, Refused, Unavailable, Usage
from gitorch.model import commands
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.plan import Plan
from gitorch.model.session import SessionPhase
from gitorch.model.values import replace
from gitorch.model.workflow import JobKind, JobSpec, Workflow
from gitorch.rules.views.mail import job_named
from gitorch.rules.views.presence import session_rows
from gitorch.rules.workflows.compile import default_settings, lane_of
from gitorch.text.slug import epic_id_fault

if TYPE_CHECKING:
    from gitorch.app.execute import Caller
    from gitorch.app.services import Services
    from gitorch.model.ids import SessionId
    from gitorch.model.run import Run
    from gitorch.model.view import SessionRow
    from gitorch.model.workflow import Lane

NEVER_SECONDS = 10_000_000
"""The silence limit of an agent that waits for messages: its silence means nothing."""

LANE = "own"
SOURCE = "gitorch session create"
"""The source that marks the workflow of a single agent."""

STANDING_BY = "Wait for the principal, who tells you what to do here or by message."


def checked_name(name: str) -> JobId:
    """The name, as the id of a job: no name leaves its folder or reads as an option. Raises Usage."""
    fault = epic_id_fault(name)
    if fault:
        raise Usage(f"{name[:60]!r} {fault}", "gitorch session create helper --runtime claude")
    return JobId(name)


def create(services: Services, caller: Caller, name: str, runtime: str, task: str) -> Run:
    """Record a single agent: a run of one job without reviews, on a branch of its own.

    Raises Usage for a bad name, NotFound for an unknown runtime or target, Unavailable for a missing program, Refused for
    a name that an active run uses.
    """
    job = checked_name(name)
    config = services.config
    lane = lane_of(config, LANE, runtime or config.implementer)
    _require_runtime(services, lane)
    _require_free(services, job)
    target = config.merge_target
    commit = services.git.resolve(target)
    if commit is None:
        raise NotFound(f"the branch {target} that its work would start from does not exist", f"git branch {target}")
    brief = (task.strip() or STANDING_BY).encode()
    digest = Digest("sha256:" + hashlib.sha256(brief).hexdigest())
    spec = JobSpec(job, f"Agent {name}", JobKind.GENERIC, LANE, brief=digest)
    flow = Workflow(f"Agent {name}", "1", SOURCE, {LANE: lane}, {job: spec})
    settings = replace(default_settings(config), silence_seconds=NEVER_SECONDS, test_command="")
    run = RunId(f"{name}-{services.secrets.nonce()[:4]}")
    ready = Ready(run, flow.name, flow, settings, target, commit, digest, {f"{name}.md": brief})
    checked = CheckResult(Plan(SOURCE, flow.name, (), digest), (), ready=ready)
    return prepare_run(services, caller, checked, settings.autonomy, "typed", merges=False)


def _require_runtime(services: Services, lane: Lane) -> None:
    """Raises NotFound for a runtime that nobody defines, Unavailable where its program is missing."""
    facts = runtime_facts(services, lane)
    if not lane.runtime or not facts.known:
        raise NotFound(f"there is no runtime {lane.runtime or '(none is configured)'}", "gitorch doctor")
    if not facts.found:
        message = f"{facts.program} of runtime {lane.runtime} is not on PATH"
        raise Unavailable(message, facts.install_hint or "gitorch doctor")


def _require_free(services: Services, job: JobId) -> None:
    """Raises Refused where an active run has a job of this name."""
    for line in run_lines(services):
        if not line.phase.is_over and job in line.epics:
            raise Refused(f"{job} is an agent of run {line.id}", f"gitorch session list {line.id}")


def find_agent(services: Services, name: str, run_name: str | None) -> tuple[Run, JobId]:
    """The run and job of an agent, by the id of its job or session, in the run that is named or in the only active one.

    Raises NotFound, and Usage where several runs have it.
    """
    runs = load_runs(services, active_runs(services)) if run_name is None else [find_run(services, run_name)]
    having = [run for run in runs if job_named(run, name) is not None]
    run = only_run(having, f"several runs have {name}", "gitorch session list")
    job = None if run is None else job_named(run, name)
    if run is None or job is None:
        raise NotFound(f"no run that is open has a job or session {name}", "gitorch session list")
    return run, job


def list_agents(services: Services, run_name: str | None) -> tuple[SessionRow, ...]:
    """Every agent of the unsettled runs, or of one run, as its terminal shows it now."""
    runs = load_runs(services, unsettled_runs(services)) if run_name is None else [find_run(services, run_name)]
    now = services.clock.now()
    rows: list[SessionRow] = []
    for run in runs:
        rows.extend(session_rows(run, observe_sessions(services, run), now))
    return tuple(rows)


def retry(services: Services, caller: Caller, name: str, run_name: str | None, text: str = "") -> tuple[Run, JobId]:
    """Try a job again that cannot go on; `text` is added to the agent's brief."""
    run, job = find_agent(services, name, run_name)
    state, _ = execute_verb(services, run.id, caller.actor, commands.RetryJob(job, text), "retry")
    return state.run or run, job


def restart(services: Services, caller: Caller, name: str, run_name: str | None) -> tuple[Run, JobId]:
    """Start a new agent for a job. The old one is ended at once, or by a running `gitorch up`."""
    run, job = find_agent(services, name, run_name)
    state, _ = execute_verb(services, run.id, caller.actor, commands.RestartAgent(job), "session restart")
    return _end_session(services, state.run or run, run.jobs[job].session), job


def stop(services: Services, caller: Caller, name: str, run_name: str | None) -> tuple[Run, JobId]:
    """End the agent of a job, which then waits for an answer; a single agent ends with its run."""
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
    """End a session that was given up, unless a running loop does it."""
    if session is None or run.sessions[session].phase is SessionPhase.ENDED:
        return run
    try:
        with services.ledger.hold("up"):
            tear_down(services, run, session)
            return execute(services, run.id, services.host, commands.EndSession(session, "stopped"))[0].run or run
    except Busy:
        return run
