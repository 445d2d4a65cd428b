"""Budgets: what is put to a human when a run or a job has taken as much as it may (P30).

A budget never stops what is at work. While it is asked about, nothing new begins; `go_on` grants as much again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.job import JobPhase
from gitorch.model.workflow import UNCLAIMED
from gitorch.rules.budget_grants import BUDGET, GO_ON, sessions_spent, times_granted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.ids import Moment
    from gitorch.model.job import JobState
    from gitorch.model.observed import SessionObservation
    from gitorch.model.run import Run
    from gitorch.model.session import Session

RUN_OPTIONS = (GO_ON, "stop_run")
JOB_OPTIONS = (GO_ON, "retry", "stop_epic", "stop_run")


def over_budget(run: Run, now: Moment) -> Iterator[Command]:
    """What the run has used up, each as a question to its principal."""
    allowed = run.settings.run_seconds_max * (1 + times_granted(run, f"{BUDGET}run_seconds"))
    taken = (now - (run.started_at or now)) // 1000
    if allowed and taken > allowed:
        yield _asked(run, "run_seconds", f"has taken {taken} s; its budget is {allowed} s")
    if run.settings.sessions_max and sessions_spent(run) and any(_wants_session(run, j) for j in run.jobs.values()):
        yield _asked(run, "sessions", f"has had {len(run.sessions)} sessions, which is its budget, and wants another")


def _wants_session(run: Run, job: JobState) -> bool:
    queued = job.phase is JobPhase.QUEUED and job.spec.kind not in UNCLAIMED
    return queued and run.living_session(job) is None and not run.is_held(job.spec.id)


def _asked(run: Run, what: str, happened: str) -> Command:
    phases = ", ".join(f"{j.spec.id} {j.phase}" for j in run.jobs.values())
    return commands.Escalate(
        trigger=f"{BUDGET}{what}",
        happened=f"Run {run.id} {happened}.",
        tried="Nothing was stopped; agents at work go on, and nothing new begins.",
        evidence=phases,
        decision="Should it go on with as much again, or stop?",
        options=RUN_OPTIONS,
    )


def over_time(
    run: Run, job: JobState, session: Session, observation: SessionObservation, now: Moment
) -> Command | None:
    """A session that has held its job for longer than it may, as a question; None within its budget.

    The trigger begins as that of a stuck agent does, since the answers lead to the same.
    """
    seconds = run.limits_of(session.lane).work_seconds
    trigger = f"stuck:{job.spec.id}:{job.attempt}:overtime:{job.fence}"
    allowed = seconds * (1 + times_granted(run, trigger))
    if not seconds or job.lease is None or now - job.lease.granted_at <= allowed * 1000:
        return None
    return commands.Escalate(
        trigger=trigger,
        happened=f"The agent of {job.spec.id} (session {session.id}) has been at work for more than {allowed} s.",
        tried=f"Nothing was stopped; its lane {session.lane} allows {seconds} s.",
        evidence=observation.screen or observation.evidence or f"its state is {observation.state}",
        decision=f"Give it as much time again (go_on), start {job.spec.id} anew (retry), stop it, or stop the run?",
        options=JOB_OPTIONS,
        job=job.spec.id,
        session=session.id,
    )


ENDED_AT = 2
"""At how many times its limit of memory an agent is ended unasked: by then the machine is in danger, and with it every other agent."""


def out_of_memory(run: Run, session: Session, observation: SessionObservation) -> Command | None:
    """The end of a session that holds far more than it may; like any other death, its job goes to a new one, a few times."""
    allowed = _memory_allowed(run, run.jobs[session.job], session)
    if not allowed or observation.memory_mib <= ENDED_AT * allowed:
        return None
    how = f"memory: {observation.memory_mib} MiB"
    return commands.EndSession(session.id, how, None, observation.screen, observation.conversation)


def runaway(run: Run, job: JobState, session: Session, observation: SessionObservation) -> Command | None:
    """A session that holds or asks for more than it may, as a question; `go_on` allows it as much again."""
    allowed = _memory_allowed(run, job, session)
    if allowed and observation.memory_mib > allowed:
        return _asked_about_memory(
            job,
            session,
            observation,
            trigger=_trigger(job, "memory"),
            happened=f"holds {observation.memory_mib} MiB of memory with all that it has started; it may hold {allowed}",
            tried=f"Nothing was stopped; at {ENDED_AT * allowed} MiB it is ended.",
        )
    trigger = _trigger(job, "requests")
    most = run.settings.requests_max * (1 + times_granted(run, trigger))
    if most and observation.requests > most:
        return _asked_about_memory(
            job,
            session,
            observation,
            trigger=trigger,
            happened=f"has had {observation.requests} turns, errors or lines of its transcript within a minute; {most} are usual",
            tried="Nothing was stopped. It may be sending the same request again and again.",
        )
    return None


def _trigger(job: JobState, what: str) -> str:
    """It begins as that of a stuck agent does, since the answers lead to the same."""
    return f"stuck:{job.spec.id}:{job.attempt}:{what}:{job.fence}"


def _memory_allowed(run: Run, job: JobState, session: Session) -> int:
    most = run.workflow.lanes[session.lane].memory_mib or run.settings.memory_mib_max
    return most * (1 + times_granted(run, _trigger(job, "memory")))


def _asked_about_memory(
    job: JobState, session: Session, observation: SessionObservation, *, trigger: str, happened: str, tried: str
) -> Command:
    return commands.Escalate(
        trigger=trigger,
        happened=f"The agent of {job.spec.id} (session {session.id}) {happened}.",
        tried=tried,
        evidence=observation.screen or observation.evidence or f"its state is {observation.state}",
        decision=f"Allow it as much again (go_on), start {job.spec.id} anew (retry), stop it, or stop the run?",
        options=JOB_OPTIONS,
        job=job.spec.id,
        session=session.id,
    )
