"""What sessions use: recorded only where it has grown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands, events
from gitorch.model.work.session import SessionPhase
from gitorch.rules.guards import ensure
from gitorch.rules.guards.takeover import LIMITED, is_taken_over
from gitorch.rules.usage.budgets import near_key
from gitorch.rules.usage.counting import growth

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.work.board import State
    from gitorch.rules.deciding import Decisions


def record(state: State, order: Order, command: commands.RecordUsage) -> tuple[Event, ...]:
    """The totals of a session, unless they say no more than what is recorded, or it has ended.

    What its program wrote down after its end belongs to the session that took up its conversation.
    """
    ensure.host(order.actor, "what its sessions have used")
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    reading = command.usage
    if session.phase is SessionPhase.ENDED or not growth(session, reading.models):
        return ()

    attempt = run.jobs[session.job].attempt
    event = events.UsageRecorded(
        session=session.id,
        job=session.job,
        attempt=attempt,
        source=reading.source,
        models=reading.models,
    )
    return (event,)


def note_budget(state: State, order: Order, command: commands.NoteBudget) -> tuple[Event, ...]:
    """A budget that is nearly used up, once for each grant of it."""
    ensure.host(order.actor, "what its sessions have used")
    run = ensure.run_there(state)
    if near_key(run, command.budget) in run.budgets_noted:
        return ()

    event = events.BudgetNeared(
        budget=command.budget,
        scope=command.scope,
        measure=command.measure,
        used=command.used,
        allowed=command.allowed,
    )
    return (event,)


def record_limit(state: State, order: Order, command: commands.RecordLimit) -> tuple[Event, ...]:
    """A usage limit that a session waits for; nothing for one that has ended, or that waits for the same time."""
    ensure.host(order.actor, "what it observed of a session")
    session = ensure.session_there(ensure.run_there(state), command.session)
    if session.phase is SessionPhase.ENDED or session.limited_until == command.until:
        return ()

    event = events.LimitReached(
        session=session.id,
        job=session.job,
        until=command.until,
        named=command.named,
        evidence=command.evidence,
    )
    return (event,)


def take_over(state: State, order: Order, command: commands.TakeOver) -> tuple[Event, ...]:
    """The end of the lease that a session at its usage limit holds; nothing where it holds none or goes on itself."""
    ensure.host(order.actor, "leases of its own sessions")
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    job = run.jobs[session.job]
    if job.lease is None or job.lease.session != session.id or not is_taken_over(run, session, order.at):
        return ()

    return (events.LeaseEnded(job.spec.id, job.fence, LIMITED),)


DECISIONS: Decisions = {
    commands.TakeOver: take_over,
    commands.RecordLimit: record_limit,
    commands.NoteBudget: note_budget,
    commands.RecordUsage: record,
}
