"""Leases taken by hand, handoffs that came too late, and work that was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.events import HandoffSubmitted, VerdictGiven
from gitorch.model.job import JobPhase, Lease
from gitorch.model.late_handoff import LateHandoff
from gitorch.model.session import Session, SessionPhase
from gitorch.model.values import replace
from gitorch.rules.evolving.work import skip_dependents, submitted, verdict_counts
from gitorch.rules.transitions import move_job, put_down, with_job, withdraw

LEFT = ("stale:", "death:", "launch:", "stopped:", "stuck:", "dialog:")
"""How the triggers of escalations begin that ask what to do about work that somebody has left."""

if TYPE_CHECKING:
    from gitorch.model.events import JobCanceled, JobClaimed, JobRequeued, LateHandoffAdopted, LateHandoffKept
    from gitorch.model.ids import JobId
    from gitorch.model.job import JobState
    from gitorch.model.record import Record
    from gitorch.model.review import ReportStatus
    from gitorch.model.run import Run


def claimed(run: Run, record: Record, event: JobClaimed) -> Run:
    """A new session of the holder's has the lease, and is at work: it was told when it asked. Raises Corrupt otherwise."""
    job = run.jobs[event.job]
    if job.lease is not None or event.fence != job.fence + 1 or event.attempt != job.attempt:
        message = f"lease {event.fence} of {event.job} was claimed over lease {job.fence}"
        raise Corrupt(message)
    if event.session in run.sessions or not event.holder:
        message = f"session {event.session} was claimed twice, or by nobody"
        raise Corrupt(message)
    session = Session(
        id=event.session,
        job=event.job,
        lane=event.lane,
        runtime=event.runtime,
        token=event.token,
        phase=SessionPhase.ALIVE,
        started_at=record.at,
        alive_at=record.at,
        holder=event.holder,
        fence=event.fence,
    )
    run = replace(run, sessions={**run.sessions, session.id: session})
    lease = Lease(event.session, event.fence, record.at, event.until, event.nonce)
    changes = {"lease": lease, "fence": event.fence, "session": event.session, "base": event.base, "nudged": False}
    return move_job(move_job(run, event.job, JobPhase.CLAIMED, **changes), event.job, JobPhase.RUNNING)


def kept(run: Run, record: Record, event: LateHandoffKept) -> Run:
    """Remembered as it came; it changes nothing."""
    if event.late_handoff in run.late_handoffs:
        message = f"late handoff {event.late_handoff} was kept twice"
        raise Corrupt(message)
    late_handoff = LateHandoff(
        id=event.late_handoff,
        job=event.job,
        session=event.session,
        attempt=event.attempt,
        status=event.status,
        commit=event.commit,
        at=record.at,
        summary=event.text,
        concerns=event.concerns,
        tests_claimed=event.tests_claimed,
        replies=event.replies,
        verdict=event.verdict,
        findings=event.findings,
    )
    return replace(run, late_handoffs={**run.late_handoffs, late_handoff.id: late_handoff})


def adopted(run: Run, record: Record, event: LateHandoffAdopted) -> Run:
    """It counts from now on, as if it had come in time. Raises Corrupt unless the principal said so."""
    late_handoff = run.late_handoffs[event.late_handoff]
    if record.actor.kind != "principal" or late_handoff.adopted or late_handoff.job != event.job:
        message = f"late handoff {event.late_handoff} was adopted twice, or not by the principal"
        raise Corrupt(message)
    run = replace(run, late_handoffs={**run.late_handoffs, late_handoff.id: replace(late_handoff, adopted=True)})
    run = _no_longer_asked(run, record, event.job)
    if late_handoff.verdict is not None:
        return verdict_counts(run, record, _verdict(run, late_handoff))
    if late_handoff.status is None:
        message = f"late handoff {event.late_handoff} is neither a report nor a verdict"
        raise Corrupt(message)
    return submitted(run, record, _report(late_handoff, late_handoff.status))


def _report(kept: LateHandoff, status: ReportStatus) -> HandoffSubmitted:
    return HandoffSubmitted(
        job=kept.job,
        session=kept.session,
        fence=0,
        attempt=kept.attempt,
        status=status,
        commit=kept.commit,
        commits=0,
        concerns=kept.concerns,
        questions=(),
        blocker="",
        clears="",
        tests_claimed=kept.tests_claimed,
        replies=kept.replies,
        text=kept.summary,
    )


def _verdict(run: Run, kept: LateHandoff) -> VerdictGiven:
    subject = run.jobs[kept.job].spec.subject or kept.job
    if kept.verdict is None:
        message = f"late handoff {kept.id} is no verdict"
        raise Corrupt(message)
    return VerdictGiven(
        job=kept.job,
        subject=subject,
        session=kept.session,
        fence=0,
        round=run.jobs[subject].attempt,
        commit=kept.commit,
        verdict=kept.verdict,
        findings=kept.findings,
        text=kept.summary,
    )


def requeued(run: Run, record: Record, event: JobRequeued) -> Run:
    """Back in the queue with attempt, branch and worktree as they are."""
    job = run.jobs[event.job]
    run = _no_longer_asked(run, record, event.job)
    return move_job(run, event.job, JobPhase.QUEUED, ready_at=record.at, requeues=job.requeues + 1)


def _no_longer_asked(run: Run, record: Record, job: JobId) -> Run:
    asked = (q for q in run.open_questions(job) if q.trigger.startswith(LEFT))
    return withdraw(run, record, asked)


def canceled(run: Run, record: Record, event: JobCanceled) -> Run:
    """The job is over; what cannot be done without it is skipped."""
    job = run.jobs[event.job]
    run = withdraw(run, record, run.open_questions(event.job))
    run = put_down(move_job(run, event.job, JobPhase.CANCELED, lease=None), job, "canceled")
    return skip_dependents(run, record, event.job)


def waited(run: Run, job: JobState, record: Record) -> Run:
    """While a human's answer was awaited the clock of a lease held by hand stood still: it begins anew."""
    lease = job.lease
    if lease is None or not run.sessions[lease.session].holder:
        return run
    until = max(lease.until, record.at + run.limits_of(job.spec.lane).lease_seconds * 1000)
    return with_job(run, job.spec.id, lease=replace(lease, until=until))
