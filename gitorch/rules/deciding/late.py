"""Handoffs that come after their lease is over: they do not count, but are kept, and the principal can adopt them.

A manually claimed lease runs out by the clock. The lease of gitorch's own session is over when the session is taken for dead
or given up; an agent that lives on nevertheless has done its work, and another agent may be doing it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import events
from gitorch.model.ids import CommitId, LateHandoffId
from gitorch.model.work.job import ACTIVE, JobPhase
from gitorch.model.work.review import ReportStatus
from gitorch.model.work.session import PromptKind

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.events import Event
    from gitorch.model.ids import Moment, SessionId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

EXPIRED = "expired"

KEPT_MAX = 3
"""Late handoffs of one session that are kept; further ones add nothing."""

UNDER_WAY = ACTIVE | {JobPhase.QUEUED, JobPhase.WAITING_HUMAN, JobPhase.STALE}
"""Phases of a job that was given out and is not handed in."""

OPENING = frozenset({PromptKind.BRIEF, PromptKind.FINDINGS})

FINISHED = frozenset({ReportStatus.DONE, ReportStatus.DONE_WITH_CONCERNS})


def overdue(session: Session, job: JobState, at: Moment) -> bool:
    """Whether this session holds a manually claimed lease whose time has passed, recorded or not.

    The clock alone never ends a lease of gitorch's own sessions: observing them renews it, and it ends with them.
    """
    lease = job.lease
    if lease is None or not _holds_claim(session, job):
        return False

    return lease.until < at


def _holds_claim(session: Session, job: JobState) -> bool:
    """Whether this session holds the job's lease by a manual claim."""
    if not session.is_manual or not job.phase.is_active:
        return False

    return job.is_leased_to(session.id)


def ran_out(session: Session, job: JobState, at: Moment) -> bool:
    """Whether the session's lease ended, recorded or not, before its work was handed in.

    By the clock for a manual claim; for a session of gitorch's own because the job was taken from it.
    """
    if session.ended == EXPIRED:
        return True

    if overdue(session, job, at):
        return True

    return _replaced(session, job)


def _replaced(session: Session, job: JobState) -> bool:
    """Whether gitorch took the job from this session of its own, in the attempt that is still under way."""
    if session.is_manual or job.is_leased_to(session.id):
        return False

    if job.phase not in UNDER_WAY:
        return False

    if job.handoff is not None and job.handoff.attempt == job.attempt:
        return False

    return _last_attempt_begun(session) == str(job.attempt)


def _last_attempt_begun(session: Session) -> str:
    """The attempt that the newest delivered brief or list of findings began; empty before the first."""
    attempt = ""
    for prompt in session.prompts:
        if prompt.kind in OPENING and prompt.receipt:
            attempt = prompt.about

    return attempt


def ended(run: Run, at: Moment, host: str, observed: tuple[SessionId, ...] = ()) -> tuple[Event, ...]:
    """The end of every claim on this host that is overdue, and of those that were `observed` to have run out.

    The lease of a holder who waits for a human's answer does not run out.
    """
    found: list[Event] = []
    for session in run.sessions.values():
        job = run.jobs[session.job]
        if _has_run_out(session, job, at, host, observed):
            found.append(events.LeaseEnded(session.job, job.fence, EXPIRED))

    return tuple(found)


def _has_run_out(session: Session, job: JobState, at: Moment, host: str, observed: tuple[SessionId, ...]) -> bool:
    """Whether a claim is over by the clock of its own host, or by what another one observed."""
    if session.id in observed:
        return _holds_claim(session, job)

    return session.host in {"", host} and overdue(session, job, at)


def keep_report(
    run: Run, session: Session, job: JobState, command: commands.SubmitHandoff, at: Moment
) -> tuple[Event, ...]:
    """A late report of finished work, after the end of every overdue lease.

    Raises Refused if the report is of another kind, because nobody could act on it any more.
    """
    if command.status not in FINISHED or command.facts.head is None:
        advice = ", and only finished work is kept"
        if session.is_manual:
            advice = "; claim it again and report then"

        message = f"{over(session, job)}{advice}"
        raise Refused(message, what_next(session))

    kept = events.LateHandoffKept(
        late_handoff=_next_id(run, session, job),
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
    return (*ended(run, at, session.host), kept)


def keep_verdict(
    run: Run, session: Session, job: JobState, command: commands.GiveVerdict, at: Moment
) -> tuple[Event, ...]:
    """A late verdict with its findings."""
    kept = events.LateHandoffKept(
        late_handoff=_next_id(run, session, job),
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
    return (*ended(run, at, session.host), kept)


def _fence(session: Session, job: JobState) -> int:
    """The session's lease that stands, or else its first one."""
    if job.lease is not None and job.lease.session == session.id:
        return job.lease.fence

    return session.fence


def _next_id(run: Run, session: Session, job: JobState) -> LateHandoffId:
    """The id of the next late handoff. Raises Refused if enough late handoffs of this session are kept."""
    kept = 0
    for late in run.late_handoffs.values():
        if late.session == session.id:
            kept += 1

    if kept >= KEPT_MAX:
        message = f"{over(session, job)}, and {KEPT_MAX} late handoffs of it are kept already"
        raise Refused(message, "gitorch recover")

    return LateHandoffId(f"h{len(run.late_handoffs) + 1}")


def over(session: Session, job: JobState) -> str:
    """The clause of a message which states that the session's lease is over.

    `the lease of session s2 on api has run out`, or `is over` for a session of gitorch's own.
    """
    ending = "is over"
    if session.is_manual:
        ending = "has run out"

    return f"the lease of session {session.id} on {job.spec.id} {ending}"


def what_next(session: Session) -> str:
    """The hint after `over`: whoever made a manual claim can claim again; an agent can only read why."""
    if session.is_manual:
        return f"gitorch claim {session.job}"

    return f"gitorch why {session.job}"
