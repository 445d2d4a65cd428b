"""Hand-ins that come after their lease is over: they do not count, are kept, and the principal can adopt them.

A lease that is held by hand runs out by the clock. One of gitorch's own sessions is over when the session is taken for dead or
given up; an agent that lives on all the same has done its work, and another may be doing it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import events
from gitorch.model.ids import CommitId, LateHandoffId
from gitorch.model.job import JobPhase
from gitorch.model.review import ReportStatus
from gitorch.model.session import PromptKind

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.events import Event
    from gitorch.model.ids import Moment
    from gitorch.model.job import JobState
    from gitorch.model.run import Run
    from gitorch.model.session import Session

EXPIRED = "expired"
KEPT_MAX = 3
"""Late handoffs of one session that are kept; more of them say nothing new."""

WORKING = frozenset({JobPhase.CLAIMED, JobPhase.RUNNING})

UNDER_WAY = WORKING | {JobPhase.QUEUED, JobPhase.WAITING_HUMAN, JobPhase.STALE}
"""Phases of a job that was given out and is not handed in."""

OPENING = frozenset({PromptKind.BRIEF, PromptKind.FINDINGS})

FINISHED = frozenset({ReportStatus.DONE, ReportStatus.DONE_WITH_CONCERNS})


def overdue(session: Session, job: JobState, at: Moment) -> bool:
    """Whether this session holds, by hand, a lease whose time has passed, whether or not anybody has written that down.

    A lease of gitorch's own sessions is renewed by seeing them, and ends with them: the clock alone never ends it.
    """
    lease = job.lease
    return (
        bool(session.holder)
        and lease is not None
        and lease.session == session.id
        and lease.until < at
        and job.phase in WORKING
    )


def ran_out(session: Session, job: JobState, at: Moment) -> bool:
    """Whether the session's lease is over, written down or not, before what it was given for was handed in."""
    return overdue(session, job, at) or session.ended == EXPIRED or _replaced(session, job)


def _replaced(session: Session, job: JobState) -> bool:
    """Whether gitorch took the job from this session of its own, in the attempt that is still under way."""
    if session.holder or (job.lease is not None and job.lease.session == session.id):
        return False
    told = [prompt.about for prompt in session.prompts if prompt.kind in OPENING and prompt.receipt]
    handed_in = job.handoff is not None and job.handoff.attempt == job.attempt
    return job.phase in UNDER_WAY and not handed_in and told[-1:] == [str(job.attempt)]


def ended(run: Run, at: Moment) -> tuple[Event, ...]:
    """The end of every lease that is overdue. One whose holder waits for a human's answer waits with it."""
    return tuple(
        events.LeaseEnded(session.job, run.jobs[session.job].fence, EXPIRED)
        for session in run.sessions.values()
        if overdue(session, run.jobs[session.job], at)
    )


def keep_report(
    run: Run, session: Session, job: JobState, command: commands.SubmitHandoff, at: Moment
) -> tuple[Event, ...]:
    """A late report, kept with what git says of it. Raises Refused for one that asks rather than hands in."""
    if command.status not in FINISHED or command.facts.head is None:
        again = "; claim it again and report then" if session.holder else ", and only finished work is kept"
        raise Refused(f"{over(session, job)}{again}", what_next(session))
    kept = events.LateHandoffKept(
        late_handoff=_next(run, session, job),
        job=job.spec.id,
        session=session.id,
        fence=_fence(session, job),
        attempt=job.attempt,
        status=command.status,
        commit=command.facts.head,
        commits=command.facts.commits,
        concerns=command.concerns,
        tests_claimed=command.tests_claimed,
        replies=command.replies,
        verdict=None,
        findings=(),
        text=command.summary,
    )
    return (*ended(run, at), kept)


def keep_verdict(
    run: Run, session: Session, job: JobState, command: commands.GiveVerdict, at: Moment
) -> tuple[Event, ...]:
    """A late verdict, kept with its findings."""
    kept = events.LateHandoffKept(
        late_handoff=_next(run, session, job),
        job=job.spec.id,
        session=session.id,
        fence=_fence(session, job),
        attempt=job.attempt,
        status=None,
        commit=CommitId(command.commit),
        commits=0,
        concerns=(),
        tests_claimed="",
        replies=(),
        verdict=command.verdict,
        findings=command.findings,
        text=command.text,
    )
    return (*ended(run, at), kept)


def _fence(session: Session, job: JobState) -> int:
    return job.lease.fence if job.lease is not None and job.lease.session == session.id else session.fence


def _next(run: Run, session: Session, job: JobState) -> LateHandoffId:
    if sum(kept.session == session.id for kept in run.late_handoffs.values()) >= KEPT_MAX:
        message = f"{over(session, job)}, and {KEPT_MAX} late handoffs of it are kept already"
        raise Refused(message, "gitorch recover")
    return LateHandoffId(f"h{len(run.late_handoffs) + 1}")


def over(session: Session, job: JobState) -> str:
    """That the session's lease is over, in words."""
    how = "has run out" if session.holder else "is over"
    return f"the lease of session {session.id} on {job.spec.id} {how}"


def what_next(session: Session) -> str:
    """What its holder can do; an agent can only read why."""
    return f"gitorch claim {session.job}" if session.holder else f"gitorch why {session.job}"
