"""Tracker records: epics closed early, closings that failed, closings that are settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands, events
from gitorch.rules.guards import ensure
from gitorch.rules.workflows.tracked import unsettled

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.work.board import State
    from gitorch.rules.deciding import Decisions


def note_early(state: State, order: Order, command: commands.NoteClosedEarly) -> tuple[Event, ...]:
    """Record, once for each job, that an epic was closed before its gate."""
    ensure.host(order.actor, "what it observed of the tracker")
    job = ensure.job_there(ensure.run_there(state), command.job)
    if not job.spec.issue or job.cleared is not None or job.closing.early:
        return ()

    return (events.ClosedEarly(command.job, job.spec.issue),)


def record_failure(state: State, order: Order, command: commands.RecordClosingFailure) -> tuple[Event, ...]:
    """One more failed try."""
    ensure.host(order.actor, "closings in the tracker")
    job = ensure.job_there(ensure.run_there(state), command.job)
    if not unsettled(job):
        return ()

    return (events.ClosingFailed(command.job, job.closing.tries + 1, command.reason),)


def record_closing(state: State, order: Order, command: commands.RecordClosing) -> tuple[Event, ...]:
    """Settle the closing, once. An epic that this run neither closed nor left open was closed early."""
    ensure.host(order.actor, "closings in the tracker")
    job = ensure.job_there(ensure.run_there(state), command.job)
    if not unsettled(job):
        return ()

    settled = events.IssuesClosed(command.job, command.closed, command.owed, command.reason)
    accounted = {*command.closed, *command.owed}
    if job.spec.issue not in accounted and not job.closing.early:
        return (events.ClosedEarly(command.job, job.spec.issue), settled)

    return (settled,)


DECISIONS: Decisions = {
    commands.NoteClosedEarly: note_early,
    commands.RecordClosingFailure: record_failure,
    commands.RecordClosing: record_closing,
}
