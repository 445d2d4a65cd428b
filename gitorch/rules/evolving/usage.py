"""What a session has used, as it was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import events
from gitorch.model.values import replace
from gitorch.rules.evolving import BY_HOST, Evolution
from gitorch.rules.evolving.transitions import with_job, with_session
from gitorch.rules.usage.budgets import near_key
from gitorch.rules.usage.counting import with_growth

if TYPE_CHECKING:
    from gitorch.model.record import Record
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions


def recorded(run: Run, record: Record, event: events.UsageRecorded) -> Run:
    """Count what came since the last record. Raises KeyError if the run does not have the session."""
    spent = with_growth(run.sessions[event.session], event.attempt, event.models)
    return with_session(run, event.session, spent=spent, usage_at=record.at)


def budget_neared(run: Run, _: Record, event: events.BudgetNeared) -> Run:
    """Note a budget, so that it is said once for each grant."""
    return replace(run, budgets_noted=(*run.budgets_noted, near_key(run, event.budget)))


def limit_reached(run: Run, _: Record, event: events.LimitReached) -> Run:
    """Let the session wait until the limit is over; then it gets a nudge, also if it had one before."""
    limits = run.sessions[event.session].limits + 1
    run = with_session(run, event.session, limits=limits, limited_until=event.until)
    return with_job(run, event.job, nudged=False)


EVENTS: Evolutions = {
    events.LimitReached: Evolution(limit_reached, BY_HOST),
    events.BudgetNeared: Evolution(budget_neared, BY_HOST),
    events.UsageRecorded: Evolution(recorded, BY_HOST),
}
