"""Leases and sessions: who works on which job, and what follows when a session ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import commands, events
from gitorch.model.counts import counted
from gitorch.model.ids import Moment, SessionId
from gitorch.model.work.run import RunPhase
from gitorch.model.work.session import UNSEEN, SessionPhase
from gitorch.model.work.turns import TurnFailed, TurnResumed
from gitorch.rules.guards import ensure
from gitorch.rules.guards.granting import base_of, may_be_granted, not_independent
from gitorch.rules.guards.takeover import lane_now
from gitorch.rules.messages.tried import setup_hint, tried_at, way_on
from gitorch.rules.review.gates import next_question

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import Digest
    from gitorch.model.record import Actor
    from gitorch.model.work.board import State
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session
    from gitorch.rules.deciding import Decisions

LAUNCHES_MAX = 2
"""A launch that fails is tried once more, then a human is asked."""

AFTER_DEATHS = ("retry", "stop_epic", "stop_run")


def next_session(run: Run, ahead: int = 0) -> SessionId:
    """The id of the next session of this run, or of the session `ahead` places after it."""
    return SessionId(f"s{len(run.sessions) + 1 + ahead}")


def grant(state: State, order: Order, command: commands.GrantLease) -> tuple[Event, ...]:
    """A lease for the job's living session, or for a new one. Raises Refused if the job cannot be given out."""
    ensure.host(order.actor, "leases of its own sessions")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if run.phase is not RunPhase.RUNNING or not may_be_granted(run, job):
        message = f"{command.job} is {job.phase} and cannot be given to a session now"
        raise Refused(message, f"gitorch why {command.job}")

    lane = lane_now(run, job, order.at)
    barred = not_independent(run, job, lane.runtime)
    if barred:
        raise Refused(barred, f"gitorch why {command.job}")

    token = _token_of(command, run, job)

    event = events.LeaseGranted(
        job=command.job,
        session=command.session,
        fence=job.fence + 1,
        attempt=job.attempt,
        until=lease_until(run, job, order.at),
        fresh=command.fresh,
        lane=lane.name,
        runtime=lane.runtime,
        token=token,
        nonce=command.nonce,
        base=base_of(run, job),
    )
    return (event,)


def _token_of(command: commands.GrantLease, run: Run, job: JobState) -> Digest:
    """The token of the session that gets the lease. Raises Refused if the session is not the expected one."""
    living = run.living_session(job)
    expected, token = next_session(run), command.token
    if living is not None:
        expected, token = living.id, living.token

    if command.session != expected or command.fresh is not (living is None):
        message = f"{command.job} belongs to session {expected}, not {command.session}"
        raise Refused(message, f"gitorch why {command.job}")
    return token


def lease_until(run: Run, job: JobState, at: Moment) -> Moment:
    """When a lease that is granted or renewed at this time runs out."""
    return Moment(at + run.limits_of(job.spec.lane).lease_seconds * 1000)


def renew(state: State, order: Order, command: commands.RenewLease) -> tuple[Event, ...]:
    """Extend the lease; nothing happens if another lease stands."""
    ensure.host(order.actor, "renewals of its own sessions' leases")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if job.lease is None or job.lease.fence != command.fence:
        return ()

    return (events.LeaseRenewed(command.job, command.fence, lease_until(run, job, order.at)),)


def mark_alive(state: State, order: Order, command: commands.MarkAlive) -> tuple[Event, ...]:
    """Record, once, the first sign of life of a session."""
    ensure.host(order.actor, "what it observed of a session")
    session = ensure.session_there(ensure.run_there(state), command.session)
    if session.phase is not SessionPhase.STARTING:
        return ()

    return (events.SessionAlive(session.id, session.job, command.pid, command.evidence),)


def end(state: State, order: Order, command: commands.EndSession) -> tuple[Event, ...]:
    """End the session and its lease, and queue its job again. After too many ends a human is asked."""
    ensure.host(order.actor, "what it observed of a session")
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    if session.phase is SessionPhase.ENDED:
        return ()

    _ensure_own(state, order.actor, session, command.how)
    ended = events.SessionEnded(
        session.id,
        session.job,
        command.how,
        command.exit_status,
        command.screen,
        command.conversation,
    )
    job = run.jobs[session.job]
    if job.lease is None or job.lease.session != session.id:
        return (ended,)

    lease_ended = events.LeaseEnded(session.job, job.lease.fence, "session-ended")
    question = _question_after(run, job, session, command)
    if question is None:
        return (ended, lease_ended)

    return (ended, lease_ended, question)


def _ensure_own(state: State, actor: Actor, session: Session, how: str) -> None:
    """Raises Refused for the session of another known host, whose agent may live; unless nobody sees that host any more."""
    if how == UNSEEN or session.host == actor.host or session.host not in state.board.hosts:
        return

    message = f"session {session.id} lives on host {session.host}, which alone can end it"
    raise Refused(message, "gitorch host list")


def _question_after(run: Run, job: JobState, session: Session, command: commands.EndSession) -> events.Escalated | None:
    """The question after one failed launch, or one death at work, too many; None while another try is allowed.

    An end that gitorch brought about, or that took the whole terminal server, is nobody's failure.
    """
    if command.how in {"stopped", "server-gone", UNSEEN}:
        return None

    if session.phase is SessionPhase.STARTING:
        launches = job.launch_failures + 1
        if launches < LAUNCHES_MAX:
            return None

        return _launches_failed(run, job, session, command, launches)

    return _question_after_death(run, job, session, command)


def _question_after_death(
    run: Run, job: JobState, session: Session, command: commands.EndSession
) -> events.Escalated | None:
    """The question after one death at work too many; None while another try is allowed."""
    deaths = job.deaths + 1
    if deaths <= run.settings.restarts_max:
        return None

    return _died_too_often(run, job, session, command, deaths)


def _launches_failed(
    run: Run, job: JobState, session: Session, command: commands.EndSession, launches: int
) -> events.Escalated:
    """The question about an agent whose program does not come up."""
    trigger = f"launch:{job.spec.id}:{job.attempt}"
    return _too_many_ends(run, session, command, trigger, "could not be launched", launches)


def _died_too_often(
    run: Run, job: JobState, session: Session, command: commands.EndSession, deaths: int
) -> events.Escalated:
    """The question about an agent that ends again and again before it reports."""
    trigger = f"death:{job.spec.id}:{job.attempt}"
    return _too_many_ends(run, session, command, trigger, "died at work", deaths)


def _too_many_ends(
    run: Run, session: Session, command: commands.EndSession, trigger: str, failure: str, times: int
) -> events.Escalated:
    """The question after one end too many, with the last exit status and screen."""
    status = ""
    if command.exit_status is not None:
        status = f" with status {command.exit_status}"

    job = run.jobs[session.job]
    agent = f"The agent of {session.job} ({session.runtime}, session {session.id})"
    return events.Escalated(
        question=next_question(run),
        trigger=trigger,
        job=session.job,
        session=session.id,
        happened=f"{agent} {failure}: {command.how}{status}.",
        tried=f"{counted(times, 'session')} in the same worktree: {tried_at(run, job, command.how)}.",
        options=AFTER_DEATHS,
        evidence=command.screen or "its terminal showed nothing",
        text=_decision_after(session, command),
    )


def _decision_after(session: Session, command: commands.EndSession) -> str:
    """What a person can decide about ends of sessions, after the way on for the cause of the last one."""
    decision = f"Should {session.job} be tried again, be stopped, or should the run stop?"
    way = way_on(command.how, session.runtime) or setup_hint(command.screen)
    if not way and command.how == "exited":
        way = f"Read what it printed (gitorch peek {session.job}); if that does not say why, run its program once by hand in the repository."

    if not way:
        return decision

    return f"{way} {decision}"


def record_delivery(state: State, order: Order, command: commands.RecordDelivery) -> tuple[Event, ...]:
    """Record the receipt of a prompt, once, unless the session has ended."""
    ensure.host(order.actor, "deliveries")
    session = ensure.session_there(ensure.run_there(state), command.session)
    if session.phase is SessionPhase.ENDED:
        return ()

    for prompt in session.prompts:
        if prompt.id != command.prompt or prompt.receipt:
            continue

        event = events.PromptDelivered(session.id, session.job, prompt.id, prompt.kind, command.receipt)
        return (event,)

    return ()


def nudge(state: State, order: Order, command: commands.Nudge) -> tuple[Event, ...]:
    """One reminder for each attempt."""
    ensure.host(order.actor, "nudges")
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    if run.jobs[session.job].nudged or session.phase is SessionPhase.ENDED:
        return ()

    return (events.SessionNudged(session.id, session.job),)


def record_failed_turn(state: State, order: Order, command: commands.RecordFailedTurn) -> tuple[Event, ...]:
    """A failed turn, once until another begins; nothing for a session that has ended."""
    ensure.host(order.actor, "what it observed of a session")
    session = ensure.session_there(ensure.run_there(state), command.session)
    if session.phase is SessionPhase.ENDED or session.failed_at is not None:
        return ()

    return (TurnFailed(session.id, session.job, command.words, command.evidence),)


def record_resumed_turn(state: State, order: Order, command: commands.RecordResumedTurn) -> tuple[Event, ...]:
    """The end of a failed turn; nothing where none stands."""
    ensure.host(order.actor, "what it observed of a session")
    session = ensure.session_there(ensure.run_there(state), command.session)
    if session.phase is SessionPhase.ENDED or session.failed_at is None:
        return ()

    return (TurnResumed(session.id, session.job),)


def remind_of_refusal(state: State, order: Order, command: commands.RemindOfRefusal) -> tuple[Event, ...]:
    """One reminder for each refused report."""
    ensure.host(order.actor, "reminders")
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    job = run.jobs[session.job]
    if job.refused <= job.reminded or not job.is_leased_to(session.id):
        return ()

    return (events.RefusalReminded(session.id, session.job, job.refused),)


def record_permission(state: State, order: Order, command: commands.RecordPermission) -> tuple[Event, ...]:
    """A rule's answer. Each is recorded once, in order."""
    ensure.host(order.actor, "answers to permission requests")
    session = ensure.session_there(ensure.run_there(state), command.session)
    if command.number != session.permissions_answered:
        return ()

    answered = command.answered
    return (events.PermissionAnswered(session.id, session.job, answered.asked, answered.option, answered.rule),)


def note_silent_channel(state: State, order: Order, command: commands.NoteSilentChannel) -> tuple[Event, ...]:
    """A channel that does not answer is named once for each session."""
    ensure.host(order.actor, "the channels of agents")
    session = ensure.session_there(ensure.run_there(state), command.session)
    if command.channel in session.silent_channels:
        return ()

    return (events.ChannelSilent(session.id, session.job, command.channel, command.reason),)


def accept_outbox_entry(state: State, _: Order, command: commands.AcceptOutboxEntry) -> tuple[Event, ...]:
    """Accept an outbox entry, which counts once. Raises Refused if it was carried out before."""
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    if command.digest in session.entries:
        message = f"{command.entry} of session {session.id} was carried out already"
        raise Refused(message, f"gitorch why {session.job}")

    return (events.OutboxEntryAccepted(session.id, session.job, command.entry, command.digest),)


def record_base(state: State, order: Order, command: commands.RecordBase) -> tuple[Event, ...]:
    """A base that was built from exactly the commits that the job depends on; nothing for any other."""
    ensure.host(order.actor, "bases")
    run = ensure.run_there(state)
    job = ensure.job_there(run, command.job)
    if job.base is not None or command.parents != run.base_parents(command.job):
        return ()

    return (events.BaseBuilt(command.job, command.commit, command.parents),)


DECISIONS: Decisions = {
    commands.GrantLease: grant,
    commands.RenewLease: renew,
    commands.MarkAlive: mark_alive,
    commands.EndSession: end,
    commands.RecordDelivery: record_delivery,
    commands.Nudge: nudge,
    commands.RecordFailedTurn: record_failed_turn,
    commands.RecordResumedTurn: record_resumed_turn,
    commands.RemindOfRefusal: remind_of_refusal,
    commands.RecordPermission: record_permission,
    commands.NoteSilentChannel: note_silent_channel,
    commands.AcceptOutboxEntry: accept_outbox_entry,
    commands.RecordBase: record_base,
}
