"""Leases, sessions, and the texts owed to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.job import JobPhase, Lease
from gitorch.model.session import PromptKind, Session, SessionPhase
from gitorch.model.values import replace
from gitorch.rules.transitions import add_prompt, move_job, put_down, with_job, with_session

if TYPE_CHECKING:
    from gitorch.model.events import (
        BaseBuilt,
        LeaseEnded,
        LeaseGranted,
        LeaseRenewed,
        OutboxEntryAccepted,
        PermissionAnswered,
        PromptDelivered,
        SessionAlive,
        SessionEnded,
        SessionNudged,
    )
    from gitorch.model.ids import JobId
    from gitorch.model.record import Record
    from gitorch.model.run import Run

OPENING = frozenset({PromptKind.BRIEF, PromptKind.FINDINGS})
"""Texts with which a session begins to work."""

BEFORE_ALIVE = frozenset({"missing-program", "dialog", "not-ready"})


def granted(run: Run, record: Record, event: LeaseGranted) -> Run:
    """One active lease a job, and its number grows with every grant. Raises Corrupt otherwise."""
    job = run.jobs[event.job]
    if job.lease is not None or event.fence != job.fence + 1 or event.attempt != job.attempt:
        message = f"lease {event.fence} of {event.job} was granted over lease {job.fence}"
        raise Corrupt(message)
    if event.fresh:
        run = _opened(run, record, event)
    elif event.session != job.session or run.sessions[event.session].phase is SessionPhase.ENDED:
        message = f"lease {event.fence} of {event.job} went to {event.session}, which is not its living session"
        raise Corrupt(message)
    lease = Lease(event.session, event.fence, record.at, event.until, event.nonce)
    changes = {"lease": lease, "fence": event.fence, "session": event.session, "base": event.base, "nudged": False}
    run = move_job(run, event.job, JobPhase.CLAIMED, **changes)
    kind = PromptKind.BRIEF if event.fresh else PromptKind.FINDINGS
    return add_prompt(run, event.session, kind, str(event.attempt))


def _opened(run: Run, record: Record, event: LeaseGranted) -> Run:
    if event.session in run.sessions:
        message = f"session {event.session} was opened twice"
        raise Corrupt(message)
    session = Session(
        id=event.session,
        job=event.job,
        lane=event.lane,
        runtime=event.runtime,
        token=event.token,
        phase=SessionPhase.STARTING,
        started_at=record.at,
        fence=event.fence,
    )
    return replace(run, sessions={**run.sessions, session.id: session})


def renewed(run: Run, _: Record, event: LeaseRenewed) -> Run:
    """The lease lasts longer; only its holder's number counts."""
    job = run.jobs[event.job]
    if job.lease is None or job.lease.fence != event.fence:
        message = f"lease {event.fence} of {event.job} was renewed but does not stand"
        raise Corrupt(message)
    lease = Lease(job.lease.session, event.fence, job.lease.granted_at, event.until, job.lease.nonce)
    return with_job(run, event.job, lease=lease)


def lease_ended(run: Run, record: Record, event: LeaseEnded) -> Run:
    """The job goes back into the queue with its worktree and its attempt as they are; work whose lease expired is stale.

    A revoked lease is that of a stuck agent: its session is given up, so that it is stopped and the job gets a fresh one.
    """
    job = run.jobs[event.job]
    if job.lease is None or job.lease.fence != event.fence:
        message = f"lease {event.fence} of {event.job} was ended but does not stand"
        raise Corrupt(message)
    session = None if event.reason == "revoked" else job.session
    after = JobPhase.STALE if event.reason == "expired" and job.writes else JobPhase.QUEUED
    run = put_down(run, job, event.reason)
    return move_job(run, event.job, after, lease=None, session=session, ready_at=record.at)


def alive(run: Run, record: Record, event: SessionAlive) -> Run:
    """The launch succeeded."""
    if run.sessions[event.session].phase is not SessionPhase.STARTING:
        message = f"session {event.session} came alive twice or after its end"
        raise Corrupt(message)
    run = with_session(run, event.session, phase=SessionPhase.ALIVE, alive_at=record.at)
    return with_job(run, event.job, launch_failures=0)


def ended(run: Run, _: Record, event: SessionEnded) -> Run:
    """A launch that failed and a death at work are counted apart; a stop and a lost server are nobody's fault."""
    session = run.sessions[event.session]
    if session.phase is SessionPhase.ENDED:
        message = f"session {event.session} ended twice"
        raise Corrupt(message)
    run = with_session(run, event.session, phase=SessionPhase.ENDED, ended=event.how, conversation=event.conversation)
    return _counted(run, event.job, session, event.how)


def _counted(run: Run, job: JobId, session: Session, how: str) -> Run:
    state = run.jobs[job]
    if how in {"stopped", "server-gone"} or state.lease is None or state.lease.session != session.id:
        return run
    if session.phase is SessionPhase.STARTING or how.partition(":")[0] in BEFORE_ALIVE:
        return with_job(run, job, launch_failures=state.launch_failures + 1)
    return with_job(run, job, deaths=state.deaths + 1)


def delivered(run: Run, _: Record, event: PromptDelivered) -> Run:
    """The text counts as told; a brief or a list of findings sets its job running."""
    session = run.sessions[event.session]
    told = tuple(replace(x, receipt=event.receipt) if x.id == event.prompt else x for x in session.prompts)
    if told == session.prompts:
        message = f"prompt {event.prompt} was delivered to {event.session}, which it was never written to"
        raise Corrupt(message)
    run = with_session(run, event.session, prompts=told)
    if event.kind in OPENING and run.jobs[event.job].phase is JobPhase.CLAIMED:
        run = move_job(run, event.job, JobPhase.RUNNING)
    return run


def nudged(run: Run, _: Record, event: SessionNudged) -> Run:
    """Once an attempt."""
    run = with_job(run, event.job, nudged=True)
    return add_prompt(run, event.session, PromptKind.NUDGE)


def permission_answered(run: Run, _: Record, event: PermissionAnswered) -> Run:
    """One more of this session's prompts is told."""
    return with_session(run, event.session, permissions_answered=run.sessions[event.session].permissions_answered + 1)


def outbox_entry_accepted(run: Run, _: Record, event: OutboxEntryAccepted) -> Run:
    """Remembered, so that finding it again does nothing. Raises Corrupt where it counted before."""
    entries = run.sessions[event.session].entries
    if event.digest in entries:
        message = f"{event.entry} of {event.session} was carried out twice"
        raise Corrupt(message)
    return with_session(run, event.session, entries=(*entries, event.digest))


def base_built(run: Run, _: Record, event: BaseBuilt) -> Run:
    """The job's branch will start from this commit."""
    return with_job(run, event.job, base=event.commit)
