"""What a run knows of the closing of its jobs' issues in the tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.rules.evolving import BY_HOST, Evolution
from gitorch.rules.evolving.transitions import with_job

if TYPE_CHECKING:
    from gitorch.model.record import Record
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions


def closed_early(run: Run, _: Record, event: events.ClosedEarly) -> Run:
    """Record that somebody closed the epic before its gate; this releases nothing."""
    return with_job(run, event.job, closing=replace(run.jobs[event.job].closing, early=True))


def closing_failed(run: Run, record: Record, event: events.ClosingFailed) -> Run:
    """Count one more failed try, with its reason."""
    closing = run.jobs[event.job].closing
    tried = replace(
        closing,
        tries=event.times,
        tried_at=record.at,
        reason=event.reason,
    )

    return with_job(run, event.job, closing=tried)


def issues_closed(run: Run, record: Record, event: events.IssuesClosed) -> Run:
    """Settle the closing of an epic's issues.

    Raises Corrupt if the epic has not passed its gate, because nothing may be closed before.
    """
    job = run.jobs[event.job]
    if job.cleared is None:
        message = f"record {record.seq} closes the issues of {event.job}, which has not passed its gate"
        raise Corrupt(message)

    settled = replace(
        job.closing,
        settled=True,
        closed=event.closed,
        owed=event.owed,
        reason=event.reason,
    )
    return with_job(run, event.job, closing=settled)


EVENTS: Evolutions = {
    events.ClosedEarly: Evolution(closed_early, BY_HOST),
    events.ClosingFailed: Evolution(closing_failed, BY_HOST),
    # The principal may leave the closing to people.
    events.IssuesClosed: Evolution(issues_closed, BY_HOST | {ActorKind.PRINCIPAL}),
}
