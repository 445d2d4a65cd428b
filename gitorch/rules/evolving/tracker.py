"""How far the tracker follows a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.values import replace
from gitorch.rules.transitions import with_job

if TYPE_CHECKING:
    from gitorch.model import events
    from gitorch.model.record import Record
    from gitorch.model.run import Run


def closed_early(run: Run, _: Record, event: events.ClosedEarly) -> Run:
    """Noted, and nothing more: it releases nothing."""
    return with_job(run, event.job, closing=replace(run.jobs[event.job].closing, early=True))


def closing_failed(run: Run, record: Record, event: events.ClosingFailed) -> Run:
    """One more try, and why it came to nothing."""
    closing = run.jobs[event.job].closing
    tried = replace(closing, tries=event.times, tried_at=record.at, reason=event.reason)
    return with_job(run, event.job, closing=tried)


def issues_closed(run: Run, record: Record, event: events.IssuesClosed) -> Run:
    """The tracker is settled. Raises Corrupt before the gate, where nothing may be closed."""
    job = run.jobs[event.job]
    if job.cleared is None:
        message = f"record {record.seq} closes the issues of {event.job}, which has not passed its gate"
        raise Corrupt(message)
    settled = replace(job.closing, settled=True, closed=event.closed, owed=event.owed, reason=event.reason)
    return with_job(run, event.job, closing=settled)
