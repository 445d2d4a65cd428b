"""Manual claims, late handoffs, and work that was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase, Lease
from gitorch.model.work.late_handoff import LateHandoff
from gitorch.model.work.session import Session, SessionPhase
from gitorch.rules.evolving import BY_ALL_BUT_AGENTS, BY_ALL_BUT_HOST, BY_PEOPLE, BY_PRINCIPAL, Evolution
from gitorch.rules.evolving.dependents import skip_dependents
from gitorch.rules.evolving.sessions import ensure_next_lease
from gitorch.rules.evolving.transitions import end_claim, ensure_own_session, move_job, with_job, withdraw
from gitorch.rules.evolving.work import submitted, verdict_counts
from gitorch.rules.messages.mail import first_line
from gitorch.rules.usage.counting import model_of

if TYPE_CHECKING:
    from gitorch.model.ids import JobId
    from gitorch.model.record import Record
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Choice, ReportStatus
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions

ABOUT_LEFT_WORK = ("stale:", "death:", "launch:", "stopped:", "stuck:", "dialog:", "failed:")
"""Triggers of escalations about work that a session has left begin with one of these."""


def claimed(run: Run, record: Record, event: events.JobClaimed) -> Run:
    """Give the lease to a new session of the holder, which is at work at once because claiming shows the brief.

    Raises Corrupt if the job has a lease, the lease is not the next one, the session exists, or the holder is not the
    actor.
    """
    job = run.jobs[event.job]
    ensure_next_lease(job, event, "claimed")
    if event.session in run.sessions:
        message = f"session {event.session} was claimed twice"
        raise Corrupt(message)

    if event.holder != record.actor.holder:
        message = f"{record.actor.holder} claimed {event.job} for {event.holder or 'nobody'}"
        raise Corrupt(message)

    session = Session(
        id=event.session,
        job=event.job,
        lane=event.lane,
        runtime=event.runtime,
        token=event.token,
        phase=SessionPhase.ALIVE,
        started_at=record.at,
        holder=event.holder,
        fence=event.fence,
        host=record.actor.host,
    )
    run = replace(run, sessions={**run.sessions, session.id: session})
    run = move_job(
        run,
        event.job,
        JobPhase.CLAIMED,
        lease=Lease(event.session, event.fence, record.at, event.until, event.nonce),
        fence=event.fence,
        session=event.session,
        base=event.base,
        nudged=False,
    )

    return move_job(run, event.job, JobPhase.RUNNING)


def kept(run: Run, record: Record, event: events.LateHandoffKept) -> Run:
    """Keep a late handoff as it came, without any effect. Raises Corrupt if its id exists."""
    if event.late_handoff in run.late_handoffs:
        message = f"late handoff {event.late_handoff} was kept twice"
        raise Corrupt(message)

    ensure_own_session(run, record, event.session)
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


def adopted(run: Run, record: Record, event: events.LateHandoffAdopted) -> Run:
    """Count a late handoff as if it had come in time. Raises Corrupt if it was adopted before."""
    late_handoff = run.late_handoffs[event.late_handoff]
    if late_handoff.adopted or late_handoff.job != event.job:
        message = f"late handoff {event.late_handoff} was adopted twice, or for another job than {late_handoff.job}"
        raise Corrupt(message)

    adopted_handoffs = {**run.late_handoffs, late_handoff.id: replace(late_handoff, adopted=True)}
    run = _left_work_settled(replace(run, late_handoffs=adopted_handoffs), record, event.job)
    if late_handoff.verdict is not None:
        return verdict_counts(run, record, _verdict(run, late_handoff, late_handoff.verdict))

    if late_handoff.status is None:
        message = f"late handoff {event.late_handoff} is neither a report nor a verdict"
        raise Corrupt(message)

    return submitted(run, record, _report(run, late_handoff, late_handoff.status))


def _report(run: Run, late: LateHandoff, status: ReportStatus) -> events.HandoffSubmitted:
    """The report in a late handoff, as if it had come in time. It takes no lease, so its fence is 0."""
    return events.HandoffSubmitted(
        job=late.job,
        session=late.session,
        fence=0,
        attempt=late.attempt,
        status=status,
        commit=late.commit,
        commits=0,
        concerns=late.concerns,
        questions=(),
        blocker="",
        clears="",
        tests_claimed=late.tests_claimed,
        replies=late.replies,
        model=model_of(run, run.sessions[late.session]),
        text=late.summary,
    )


def _verdict(run: Run, late: LateHandoff, choice: Choice) -> events.VerdictGiven:
    """The verdict in a late handoff, as if it had come in time. It takes no lease, so its fence is 0."""
    subject = run.jobs[late.job].spec.subject or late.job
    return events.VerdictGiven(
        job=late.job,
        subject=subject,
        session=late.session,
        fence=0,
        round=run.jobs[subject].attempt,
        commit=late.commit,
        verdict=choice,
        findings=late.findings,
        model=model_of(run, run.sessions[late.session]),
        text=late.summary,
    )


def requeued(run: Run, record: Record, event: events.JobRequeued) -> Run:
    """Queue stale work again, with attempt, branch and worktree as they are. Raises Corrupt if the work is not stale."""
    job = run.jobs[event.job]
    if job.phase is not JobPhase.STALE:
        message = f"{event.job} was queued again while it was {job.phase}"
        raise Corrupt(message)

    run = _left_work_settled(run, record, event.job)
    return move_job(run, event.job, JobPhase.QUEUED, ready_at=record.at, requeues=job.requeues + 1)


def _left_work_settled(run: Run, record: Record, job: JobId) -> Run:
    """Withdraw the escalations about the work that a session had left."""
    asked = [question for question in run.open_questions(job) if question.trigger.startswith(ABOUT_LEFT_WORK)]
    return withdraw(run, record, asked, reason=f"{job} was taken up again")


def canceled(run: Run, record: Record, event: events.JobCanceled) -> Run:
    """Cancel the job, and skip the jobs that cannot be done without it."""
    job = run.jobs[event.job]
    run = withdraw(run, record, run.open_questions(event.job), reason=f"{event.job} was canceled")
    run = move_job(run, event.job, JobPhase.CANCELED, lease=None, trouble=first_line(event.reason))
    run = end_claim(run, job, "canceled")

    return skip_dependents(run, record, event.job)


def extend_after_answer(run: Run, job: JobState, record: Record) -> Run:
    """Give a manually claimed lease its full length again: its clock stood still while a human's answer was awaited."""
    lease = job.lease
    if lease is None or not run.sessions[lease.session].holder:
        return run

    until = max(lease.until, record.at + run.limits_of(job.spec.lane).lease_seconds * 1000)
    return with_job(run, job.spec.id, lease=replace(lease, until=until))


EVENTS: Evolutions = {
    events.JobClaimed: Evolution(claimed, BY_PEOPLE),
    events.LateHandoffKept: Evolution(kept, BY_ALL_BUT_HOST),
    events.LateHandoffAdopted: Evolution(adopted, BY_PRINCIPAL),
    events.JobRequeued: Evolution(requeued, BY_ALL_BUT_AGENTS),
    events.JobCanceled: Evolution(canceled, BY_PRINCIPAL),
}
