"""Agents that run away: what one and all that it started may hold and ask for, before a human is asked, and before it is ended (T29).

Output needs no rule: of each session's the first and the last are kept, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.rules.spending import GO_ON, times_granted

if TYPE_CHECKING:
    from gitorch.model.commands import Command
    from gitorch.model.observed import SessionSeen
    from gitorch.model.run import JobState, Run, Session

OPTIONS = (GO_ON, "retry", "stop_epic", "stop_run")
ENDED_AT = 2
"""At how many times its limit of memory an agent is ended unasked: by then the machine is in danger, and with it every other agent."""


def out_of_memory(run: Run, session: Session, sight: SessionSeen) -> Command | None:
    """The end of a session that holds far more than it may; like any other death, its job goes to a new one, a few times."""
    allowed = _memory_allowed(run, run.jobs[session.job], session)
    if not allowed or sight.memory_mib <= ENDED_AT * allowed:
        return None
    how = f"memory: {sight.memory_mib} MiB"
    return commands.EndSession(session.id, how, None, sight.screen, sight.conversation)


def runaway(run: Run, job: JobState, session: Session, sight: SessionSeen) -> Command | None:
    """A session that holds or asks for more than it may, as a question; `go_on` allows it as much again."""
    allowed = _memory_allowed(run, job, session)
    if allowed and sight.memory_mib > allowed:
        return _asked(
            job,
            session,
            sight,
            trigger=_trigger(job, "memory"),
            happened=f"holds {sight.memory_mib} MiB of memory with all that it has started; it may hold {allowed}",
            tried=f"Nothing was stopped; at {ENDED_AT * allowed} MiB it is ended.",
        )
    trigger = _trigger(job, "requests")
    most = run.settings.requests_max * (1 + times_granted(run, trigger))
    if most and sight.requests > most:
        return _asked(
            job,
            session,
            sight,
            trigger=trigger,
            happened=f"has had {sight.requests} turns, errors or lines of its transcript within a minute; {most} are usual",
            tried="Nothing was stopped. It may be sending the same request again and again.",
        )
    return None


def _trigger(job: JobState, what: str) -> str:
    """It begins as that of a stuck agent does, since the answers lead to the same."""
    return f"stuck:{job.spec.id}:{job.attempt}:{what}:{job.fence}"


def _memory_allowed(run: Run, job: JobState, session: Session) -> int:
    most = run.workflow.lanes[session.lane].memory_mib or run.settings.memory_mib_max
    return most * (1 + times_granted(run, _trigger(job, "memory")))


def _asked(job: JobState, session: Session, sight: SessionSeen, *, trigger: str, happened: str, tried: str) -> Command:
    return commands.Escalate(
        trigger=trigger,
        happened=f"The agent of {job.spec.id} (session {session.id}) {happened}.",
        tried=tried,
        evidence=sight.screen or sight.evidence or f"its state is {sight.state}",
        decision=f"Allow it as much again (go_on), start {job.spec.id} anew (retry), stop it, or stop the run?",
        options=OPTIONS,
        job=job.spec.id,
        session=session.id,
    )
