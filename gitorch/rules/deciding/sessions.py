"""Leases and sessions: who works on what, and what follows when a session is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import events
from gitorch.model.ids import Moment, SessionId
from gitorch.model.run import RunPhase
from gitorch.model.session import SessionPhase
from gitorch.rules import ensure
from gitorch.rules.granting import base_of, may_be_granted, not_independent
from gitorch.rules.review.gates import next_question

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.job import JobState
    from gitorch.model.run import Run
    from gitorch.model.session import Session

LAUNCHES_MAX = 2
"""A launch that fails is tried once more, then a human is asked."""

AFTER_DEATHS = ("retry", "stop_epic", "stop_run")


def next_session(run: Run, ahead: int = 0) -> SessionId:
    """The id of the next session of this run, or of the one that many after it."""
    return SessionId(f"s{len(run.sessions) + 1 + ahead}")


def grant(state: State, order: Order, command: commands.GrantLease) -> tuple[Event, ...]:
    """One lease a job, to its living session or to a new one; a review always gets a new one."""
    ensure.host(order.actor, "leases of its own sessions")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if run.phase is not RunPhase.RUNNING or not may_be_granted(run, job):
        message = f"{command.job} is {job.phase} and cannot be given to a session now"
        raise Refused(message, f"gitorch why {command.job}")
    if barred := not_independent(run, job, run.workflow.lanes[job.spec.lane].runtime):
        raise Refused(barred, f"gitorch why {command.job}")
    living = run.living_session(job)
    expected = next_session(run) if living is None else living.id
    if command.session != expected or command.fresh is not (living is None):
        message = f"{command.job} belongs to session {expected}, not {command.session}"
        raise Refused(message, f"gitorch why {command.job}")
    lane = run.workflow.lanes[job.spec.lane]
    event = events.LeaseGranted(
        job=command.job,
        session=command.session,
        fence=job.fence + 1,
        attempt=job.attempt,
        until=lease_until(run, job, order.at),
        fresh=command.fresh,
        lane=lane.name,
        runtime=lane.runtime,
        token=command.token if living is None else living.token,
        nonce=command.nonce,
        base=base_of(run, job),
    )
    return (event,)


def lease_until(run: Run, job: JobState, at: Moment) -> Moment:
    """When a lease granted or renewed now runs out."""
    return Moment(at + run.limits_of(job.spec.lane).lease_seconds * 1000)


def renew(state: State, order: Order, command: commands.RenewLease) -> tuple[Event, ...]:
    """Only the lease that stands."""
    ensure.host(order.actor, "renewals of its own sessions' leases")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if job.lease is None or job.lease.fence != command.fence:
        return ()
    return (events.LeaseRenewed(command.job, command.fence, lease_until(run, job, order.at)),)


def mark_alive(state: State, order: Order, command: commands.MarkAlive) -> tuple[Event, ...]:
    """Said once a session."""
    ensure.host(order.actor, "what it saw of a session")
    session = ensure.session_there(ensure.run_there(state), command.session)
    if session.phase is not SessionPhase.STARTING:
        return ()
    return (events.SessionAlive(session.id, session.job, command.pid, command.evidence),)


def end(state: State, order: Order, command: commands.EndSession) -> tuple[Event, ...]:
    """The session is over; its lease with it; its job is queued again, or a human is asked when that failed too often."""
    ensure.host(order.actor, "what it saw of a session")
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    if session.phase is SessionPhase.ENDED:
        return ()
    gone = events.SessionEnded(
        session.id, session.job, command.how, command.exit_status, command.screen, command.conversation
    )
    job = run.jobs[session.job]
    if job.lease is None or job.lease.session != session.id:
        return (gone,)
    over = events.LeaseEnded(session.job, job.lease.fence, "session-ended")
    return (gone, over, *_too_often(run, job, session, command))


def _too_often(run: Run, job: JobState, session: Session, command: commands.EndSession) -> tuple[Event, ...]:
    if command.how in {"stopped", "server-gone"}:
        return ()
    launching = session.phase is SessionPhase.STARTING
    count = (job.launch_failures if launching else job.deaths) + 1
    limit = LAUNCHES_MAX if launching else run.settings.restarts_max + 1
    if count < limit:
        return ()
    name = job.spec.id
    what = "could not be launched" if launching else "died at work"
    status = "" if command.exit_status is None else f" with status {command.exit_status}"
    event = events.Escalated(
        question=next_question(run),
        trigger=f"{'launch' if launching else 'death'}:{name}:{job.attempt}",
        job=name,
        session=session.id,
        happened=f"The agent of {name} ({session.runtime}, session {session.id}) {what}: {command.how}{status}.",
        tried=f"{count} sessions in the same worktree.",
        options=AFTER_DEATHS,
        evidence=command.screen or "its terminal showed nothing",
        text=f"Should {name} be tried again, be stopped, or should the run stop?",
    )
    return (event,)


def record_delivery(state: State, order: Order, command: commands.RecordDelivery) -> tuple[Event, ...]:
    """A text is delivered once, and not to a session that is over."""
    ensure.host(order.actor, "deliveries")
    session = ensure.session_there(ensure.run_there(state), command.session)
    prompt = next((x for x in session.prompts if x.id == command.prompt), None)
    if prompt is None or prompt.receipt or session.phase is SessionPhase.ENDED:
        return ()
    return (events.PromptDelivered(session.id, session.job, prompt.id, prompt.kind, command.receipt),)


def nudge(state: State, order: Order, command: commands.Nudge) -> tuple[Event, ...]:
    """Once an attempt."""
    ensure.host(order.actor, "nudges")
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    if run.jobs[session.job].nudged or session.phase is SessionPhase.ENDED:
        return ()
    return (events.SessionNudged(session.id, session.job),)


def record_permission(state: State, order: Order, command: commands.RecordPermission) -> tuple[Event, ...]:
    """Each answer once, in the order in which they were given."""
    ensure.host(order.actor, "answers to permission prompts")
    session = ensure.session_there(ensure.run_there(state), command.session)
    if command.number != session.permissions_answered:
        return ()
    answered = command.answered
    return (events.PermissionAnswered(session.id, session.job, answered.asked, answered.option, answered.rule),)


def accept_outbox_entry(state: State, _: Order, command: commands.AcceptOutboxEntry) -> tuple[Event, ...]:
    """What was left in an outbox counts once, however often it is found there. Raises Refused the second time."""
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    if command.digest in session.entries:
        message = f"{command.entry} of session {session.id} was carried out already"
        raise Refused(message, f"gitorch why {session.job}")
    return (events.OutboxEntryAccepted(session.id, session.job, command.entry, command.digest),)


def record_base(state: State, order: Order, command: commands.RecordBase) -> tuple[Event, ...]:
    """The base that was built from exactly the commits that the job depends on."""
    ensure.host(order.actor, "bases")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if job.base is not None or command.parents != run.base_parents(command.job):
        return ()
    return (events.BaseBuilt(command.job, command.commit, command.parents),)
