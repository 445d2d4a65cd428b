"""What sessions use: recorded only where it has grown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands, events
from gitorch.rules import ensure
from gitorch.rules.usage.counting import growth

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.work.board import State
    from gitorch.rules.deciding import Decisions


def record(state: State, order: Order, command: commands.RecordUsage) -> tuple[Event, ...]:
    """The totals of a session, unless they say no more than what is recorded. A session that has ended may have more to tell."""
    ensure.host(order.actor, "what its sessions have used")
    run = ensure.run_there(state)
    session = ensure.session_there(run, command.session)
    reading = command.usage
    if not growth(session, reading.models):
        return ()

    attempt = run.jobs[session.job].attempt
    return (events.UsageRecorded(session.id, session.job, attempt, reading.source, reading.models),)


DECISIONS: Decisions = {
    commands.RecordUsage: record,
}
