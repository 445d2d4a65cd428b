"""Leases taken by hand, hand-ins that came too late, and work that was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.events import HandedOff, VerdictGiven
from gitorch.model.run import JobPhase, KeptHandIn, Lease, Session, SessionPhase
from gitorch.model.values import replace
from gitorch.rules.evolving.work import skip_dependents, submitted, verdict_counts
from gitorch.rules.readings import limits_of, open_questions
from gitorch.rules.transitions import move_job, put_down, with_job, withdraw

LEFT = ("stale:", "death:", "launch:", "stopped:", "stuck:", "dialog:")
"""How the triggers of escalations begin that ask what to do about work that somebody has left."""

if TYPE_CHECKING:
    from gitorch.model.events import HandInAdopted, HandInKept, JobCanceled, JobClaimed, JobRequeued
    from gitorch.model.ids import JobId
    from gitorch.model.record import Record
    from gitorch.model.review import ReportStatus
    from gitorch.model.run import JobState, Run


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


def kept(run: Run, record: Record, event: HandInKept) -> Run:
    """Remembered as it came; it changes nothing."""
    if event.hand_in in run.kept:
        message = f"late hand-in {event.hand_in} was kept twice"
        raise Corrupt(message)
    hand_in = KeptHandIn(
        id=event.hand_in,
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
    return replace(run, kept={**run.kept, hand_in.id: hand_in})


def adopted(run: Run, record: Record, event: HandInAdopted) -> Run:
    """It counts from now on, as if it had come in time. Raises Corrupt unless the principal said so."""
    hand_in = run.kept[event.hand_in]
    if record.actor.kind != "principal" or hand_in.adopted or hand_in.job != event.job:
        message = f"late hand-in {event.hand_in} was adopted twice, or not by the principal"
        raise Corrupt(message)
    run = replace(run, kept={**run.kept, hand_in.id: replace(hand_in, adopted=True)})
    run = _no_longer_asked(run, record, event.job)
    if hand_in.verdict is not None:
        return verdict_counts(run, record, _verdict(run, hand_in))
    if hand_in.status is None:
        message = f"late hand-in {event.hand_in} is neither a report nor a verdict"
        raise Corrupt(message)
    return submitted(run, record, _report(hand_in, hand_in.status))


def _report(kept: KeptHandIn, status: ReportStatus) -> HandedOff:
    return HandedOff(
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


def _verdict(run: Run, kept: KeptHandIn) -> VerdictGiven:
    subject = run.jobs[kept.job].spec.subject or kept.job
    if kept.verdict is None:
        message = f"late hand-in {kept.id} is no verdict"
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
    asked = (q for q in open_questions(run, job) if q.trigger.startswith(LEFT))
    return withdraw(run, record, asked)


def canceled(run: Run, record: Record, event: JobCanceled) -> Run:
    """The job is over; what cannot be done without it is skipped."""
    job = run.jobs[event.job]
    run = withdraw(run, record, open_questions(run, event.job))
    run = put_down(move_job(run, event.job, JobPhase.CANCELED, lease=None), job, "canceled")
    return skip_dependents(run, record, event.job)


def waited(run: Run, job: JobState, record: Record) -> Run:
    """While a human's answer was awaited the clock of a lease held by hand stood still: it begins anew."""
    lease = job.lease
    if lease is None or not run.sessions[lease.session].holder:
        return run
    until = max(lease.until, record.at + limits_of(run, job.spec.lane).lease_seconds * 1000)
    return with_job(run, job.spec.id, lease=replace(lease, until=until))
