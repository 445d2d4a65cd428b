"""Budgets: the questions to a human when a run or a job has used as much as it may (P30).

A budget never stops agents at work. While its question is open, nothing new begins; `go_on` grants as much again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.counts import counted
from gitorch.model.plans.workflow import UNCLAIMED
from gitorch.model.work.job import JobPhase
from gitorch.rules.usage.grants import BUDGET, GO_ON, sessions_spent, times_granted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.ids import Moment
    from gitorch.model.observed import SessionObservation
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

RUN_OPTIONS = (GO_ON, "stop_run")
JOB_OPTIONS = (GO_ON, "retry", "stop_epic", "stop_run")


def over_budget(run: Run, now: Moment) -> Iterator[Command]:
    """A question for each budget of the run that is used up."""
    yield from _over_run_time(run, now)
    yield from over_sessions(run)


def _over_run_time(run: Run, now: Moment) -> Iterator[Command]:
    """The question about a run that has taken longer than it may; a budget of 0 is none."""
    if run.started_at is None:
        return

    seconds_max = run.settings.run_seconds_max * (1 + times_granted(run, f"{BUDGET}run_seconds"))
    seconds = (now - run.started_at) // 1000
    if seconds_max and seconds > seconds_max:
        yield _run_question(run, "run_seconds", f"has taken {seconds} s; its budget is {seconds_max} s")


def over_sessions(run: Run) -> Iterator[Command]:
    """The question about a run that has had all its sessions, once a job waits for another one."""
    if not sessions_spent(run):
        return

    for job in run.jobs_in(JobPhase.QUEUED):
        if _wants_session(run, job):
            used = f"has had {counted(len(run.sessions), 'session')}, which is its budget, and wants another"
            yield _run_question(run, "sessions", used)
            return


def _wants_session(run: Run, job: JobState) -> bool:
    """Whether a queued job waits for a new session."""
    if job.spec.kind in UNCLAIMED or run.is_held(job.spec.id):
        return False

    return run.living_session(job) is None


def _run_question(run: Run, budget: str, happened: str) -> Command:
    """The escalation of one budget of the run, with the phases of all its jobs as evidence."""
    phases = ", ".join(f"{job.spec.id} {job.phase}" for job in run.jobs.values())
    return commands.Escalate(
        trigger=f"{BUDGET}{budget}",
        happened=f"Run {run.id} {happened}.",
        tried="Nothing was stopped; agents at work go on, and nothing new begins.",
        evidence=phases,
        decision="Should it go on with as much again, or stop?",
        options=RUN_OPTIONS,
    )


def over_time(
    run: Run, job: JobState, session: Session, observation: SessionObservation, now: Moment
) -> Command | None:
    """The question about a session that has held its job for longer than it may; None within its budget."""
    seconds = run.limits_of(session.lane).work_seconds
    if not seconds or job.lease is None:
        return None

    trigger = _trigger(job, "overtime")
    allowed = seconds * (1 + times_granted(run, trigger))
    if now - job.lease.granted_at <= allowed * 1000:
        return None

    return commands.Escalate(
        trigger=trigger,
        happened=f"The agent of {job.spec.id} (session {session.id}) has been at work for more than {allowed} s.",
        tried=f"Nothing was stopped; its lane {session.lane} allows {seconds} s.",
        evidence=observation.shown,
        decision=f"Give it as much time again (go_on), start {job.spec.id} again (retry), stop it, or stop the run?",
        options=JOB_OPTIONS,
        job=job.spec.id,
        session=session.id,
    )


ENDED_AT = 2
"""At this many times its memory limit an agent is ended without a question, before the machine fails with every other agent."""


def out_of_memory(run: Run, session: Session, observation: SessionObservation) -> Command | None:
    """The end of a session that holds far more memory than it may. It counts as a death at work; None below that."""
    allowed = memory_allowed(run, run.jobs[session.job])
    if not allowed or observation.memory_mib <= ENDED_AT * allowed:
        return None

    how = f"memory: {observation.memory_mib} MiB"
    return commands.EndSession(session.id, how, None, observation.screen, observation.conversation)


def runaway(run: Run, job: JobState, session: Session, observation: SessionObservation) -> Command | None:
    """The question about a session that uses more memory or makes more requests than it may; None within its limits."""
    return _over_memory(run, job, session, observation) or _over_requests(run, job, session, observation)


def _over_memory(run: Run, job: JobState, session: Session, observation: SessionObservation) -> Command | None:
    """The question about a session that holds more memory than it may; None within its limit, or without one."""
    allowed = memory_allowed(run, job)
    if not allowed or observation.memory_mib <= allowed:
        return None

    held = f"holds {observation.memory_mib} MiB of memory with all that it has started; it may hold {allowed}"
    return _session_question(
        job,
        session,
        observation,
        trigger=_trigger(job, "memory"),
        happened=held,
        tried=f"Nothing was stopped; at {ENDED_AT * allowed} MiB it is ended.",
    )


def _over_requests(run: Run, job: JobState, session: Session, observation: SessionObservation) -> Command | None:
    """The question about a session that makes more requests a minute than it may; None within its limit, or without one."""
    trigger = _trigger(job, "requests")
    allowed = requests_allowed(run, job)
    if not allowed or observation.requests <= allowed:
        return None

    made = f"has had {observation.requests} turns, errors or lines of its transcript within a minute"
    return _session_question(
        job,
        session,
        observation,
        trigger=trigger,
        happened=f"{made}; {allowed} are usual",
        tried="Nothing was stopped. It may be sending the same request again and again.",
    )


def _trigger(job: JobState, budget: str) -> str:
    """The trigger of a session's budget. It begins like that of a stuck agent, whose answers have the same effects."""
    return f"stuck:{job.spec.id}:{job.attempt}:{budget}:{job.fence}"


def requests_allowed(run: Run, job: JobState) -> int:
    """The requests a minute that the agent of a job may make now, as often as people granted them; 0 without a limit."""
    return run.settings.requests_max * (1 + times_granted(run, _trigger(job, "requests")))


def memory_allowed(run: Run, job: JobState) -> int:
    """The memory in MiB that the agent of a job may hold now, as often as people granted it; 0 without a limit."""
    most = run.workflow.lanes[job.spec.lane].memory_mib or run.settings.memory_mib_max
    return most * (1 + times_granted(run, _trigger(job, "memory")))


def _session_question(
    job: JobState, session: Session, observation: SessionObservation, *, trigger: str, happened: str, tried: str
) -> Command:
    return commands.Escalate(
        trigger=trigger,
        happened=f"The agent of {job.spec.id} (session {session.id}) {happened}.",
        tried=tried,
        evidence=observation.shown,
        decision=f"Allow it as much again (go_on), start {job.spec.id} again (retry), stop it, or stop the run?",
        options=JOB_OPTIONS,
        job=job.spec.id,
        session=session.id,
    )
