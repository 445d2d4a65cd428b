"""Agents one by one: begun on their own, launched, listed, started anew, stopped.

An agent of one's own is a run of one job without reviews, so that everything that holds for a run's agents holds for it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.app.execute import carry, carry_asked
from gitorch.app.query.lookup import find_run
from gitorch.app.query.runs import looked_at
from gitorch.app.reconciler.perform import put_away
from gitorch.app.reconciler.tick import tick
from gitorch.app.start.preflight import CheckResult, Ready, begin, runtime_facts
from gitorch.errors import Busy, NotFound, Refused, Unavailable, Usage
from gitorch.model import commands
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.plan import Plan
from gitorch.model.run import OVER
from gitorch.model.session import SessionPhase
from gitorch.model.values import replace
from gitorch.model.workflow import JobKind, JobSpec, Workflow
from gitorch.rules.views.mail import job_named
from gitorch.rules.views.presence import session_rows
from gitorch.rules.workflows.compile import default_settings, lane_of
from gitorch.text.slug import epic_id_fault

if TYPE_CHECKING:
    from gitorch.app.people.decisions import Caller
    from gitorch.app.services import Services
    from gitorch.model.ids import SessionId
    from gitorch.model.run import Run
    from gitorch.model.view import SessionRow

NEVER_SECONDS = 10_000_000
"""For whoever waits to be told something, silence means nothing."""

LOOK_SECONDS = 0.1
LANE = "own"
SOURCE = "gitorch session create"
"""What the workflow of an agent of one's own says it was made by."""


def name_fault(name: str) -> str:
    """Why nothing of gitorch's can be called this; empty when it can. No name leaves its folder or reads as an option."""
    return epic_id_fault(name)


def checked_name(name: str) -> JobId:
    """The name, if it is one. Raises Usage."""
    fault = name_fault(name)
    if fault:
        raise Usage(f"{name[:60]!r} {fault}", "gitorch session create helper --runtime claude")
    return JobId(name)


def create(services: Services, caller: Caller, name: str, runtime: str, task: str) -> Run:
    """Record an agent of one's own: a run of one job on a branch of its own. Raises Usage, NotFound, Refused."""
    job = checked_name(name)
    runtime = runtime or services.config.implementer
    lane = lane_of(services.config, LANE, runtime)
    facts = runtime_facts(services, lane)
    if not runtime or not facts.known:
        raise NotFound(f"there is no runtime {runtime or '(none is configured)'}", "gitorch doctor")
    if not facts.found:
        raise Unavailable(
            f"{facts.program} of runtime {runtime} is not on PATH", facts.install_hint or "gitorch doctor"
        )
    _nobody_called(services, job)
    target = services.config.merge_target
    commit = services.git.resolve(target)
    if commit is None:
        raise NotFound(f"the branch {target} that its work would start from does not exist", f"git branch {target}")
    brief = (task.strip() or "Wait for the principal, who tells you what to do here or by message.").encode()
    digest = Digest("sha256:" + hashlib.sha256(brief).hexdigest())
    spec = JobSpec(job, f"Agent {name}", JobKind.GENERIC, LANE, brief=digest)
    flow = Workflow(f"Agent {name}", "1", SOURCE, {LANE: lane}, {job: spec})
    settings = replace(default_settings(services.config), silence_seconds=NEVER_SECONDS, test_command="")
    run = RunId(f"{name}-{services.secrets.nonce()[:4]}")
    ready = Ready(run, flow.name, flow, settings, target, commit, digest, {f"{name}.md": brief})
    checked = CheckResult(Plan(SOURCE, flow.name, (), digest), (), ready=ready)
    return begin(services, caller, checked, settings.autonomy, "typed", merges=False)


def _nobody_called(services: Services, job: JobId) -> None:
    lines = services.ledger.state(None).board.runs.values() if services.ledger.exists() else ()
    for line in lines:
        if line.phase not in OVER and job in line.epics:
            raise Refused(f"{job} is an agent of run {line.id}", f"gitorch session list {line.id}")


def named(services: Services, name: str, said_run: str | None) -> tuple[Run, JobId]:
    """The run and job that a job's or session's name means; over several runs that are open, the only one that has it."""
    if said_run is not None:
        run = find_run(services, said_run)
        having = [run] if job_named(run, name) is not None else []
    else:
        lines = services.ledger.state(None).board.runs.values() if services.ledger.exists() else ()
        loaded = [services.ledger.state(line.id).run for line in lines if line.phase not in OVER]
        having = [run for run in loaded if run is not None and job_named(run, name) is not None]
    if len(having) > 1:
        message = f"several runs have {name}: {', '.join(run.id for run in having)}"
        raise Usage(message, f"gitorch session list {having[0].id}")
    job = job_named(having[0], name) if having else None
    if job is None:
        raise NotFound(f"no run that is open has a job or session {name}", "gitorch session list")
    return having[0], job


def launch(services: Services, name: str, said_run: str | None) -> tuple[Run, bool]:
    """Tick the agent's run until it is alive or a human is asked about it; false where `gitorch up` runs and does it. Raises Busy."""
    run, job = named(services, name, said_run)
    with services.ledger.hold("up"):
        while True:
            run = tick(services, run.id).run
            session = run.jobs[job].session
            alive = session is not None and run.sessions[session].phase is SessionPhase.ALIVE
            asked = any(q.answer is None and q.job == job for q in run.questions.values())
            if alive or asked or run.phase in OVER:
                return run, alive
            services.clock.sleep(LOOK_SECONDS)


def listed(services: Services, said_run: str | None) -> tuple[SessionRow, ...]:
    """Every agent of the runs that are open, or of one run, as its terminal shows it now."""
    if said_run is not None:
        runs = [find_run(services, said_run)]
    else:
        lines = services.ledger.state(None).board.runs.values() if services.ledger.exists() else ()
        loaded = [services.ledger.state(line.id).run for line in lines if not line.settled]
        runs = [run for run in loaded if run is not None]
    now = services.clock.now()
    return tuple(row for run in runs for row in session_rows(run, looked_at(services, run), now))


def again(services: Services, caller: Caller, name: str, said_run: str | None, text: str = "") -> tuple[Run, JobId]:
    """Another try at a job, whatever keeps it from going on."""
    run, job = named(services, name, said_run)
    state, _ = carry_asked(services, run.id, caller.actor, commands.RetryJob(job, text), "retry")
    return state.run or run, job


def restart(services: Services, caller: Caller, name: str, said_run: str | None) -> tuple[Run, JobId]:
    """A new agent for a job that one is at work on; the old one is ended at once, or by a running `gitorch up`."""
    run, job = named(services, name, said_run)
    state, _ = carry_asked(services, run.id, caller.actor, commands.RestartAgent(job), "session restart")
    return _put_away(services, state.run or run, run.jobs[job].session), job


def stop(services: Services, caller: Caller, name: str, said_run: str | None) -> tuple[Run, JobId]:
    """The agent of a job is ended and its job waits for an answer; an agent of one's own ends with its run."""
    run, job = named(services, name, said_run)
    command: commands.Command = commands.CancelRun(f"{name} was stopped") if alone(run) else commands.StopAgent(job)
    state, _ = carry_asked(services, run.id, caller.actor, command, "session stop")
    return _put_away(services, state.run or run, run.jobs[job].session), job


def alone(run: Run) -> bool:
    """Whether this run is one agent of somebody's own."""
    return run.workflow.source == SOURCE


def _put_away(services: Services, run: Run, session: SessionId | None) -> Run:
    """End what is left of a session that was given up, unless a loop runs and does it."""
    if session is None or run.sessions[session].phase is SessionPhase.ENDED:
        return run
    try:
        with services.ledger.hold("up"):
            put_away(services, run, session)
            return carry(services, run.id, services.host, commands.EndSession(session, "stopped"))[0].run or run
    except Busy:
        return run
