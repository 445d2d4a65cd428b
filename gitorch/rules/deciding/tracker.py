"""What may be written down of the tracker: early closings, closings that failed, closings that are settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import events
from gitorch.rules import ensure
from gitorch.rules.workflows.tracked import unsettled

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event


def note_early(state: State, order: Order, command: commands.NoteClosedEarly) -> tuple[Event, ...]:
    """Once a job, and only before its gate."""
    ensure.host(order.actor, "what it saw of the tracker")
    job = ensure.job_there(ensure.run_there(state), command.job)
    if not job.spec.issue or job.cleared is not None or job.closing.early:
        return ()
    return (events.ClosedEarly(command.job, job.spec.issue),)


def record_failure(state: State, order: Order, command: commands.RecordClosingFailure) -> tuple[Event, ...]:
    """One more try that came to nothing."""
    ensure.host(order.actor, "closings in the tracker")
    job = ensure.job_there(ensure.run_there(state), command.job)
    return (events.ClosingFailed(command.job, job.closing.tries + 1, command.reason),) if unsettled(job) else ()


def record_closing(state: State, order: Order, command: commands.RecordClosing) -> tuple[Event, ...]:
    """Once, after the gate; an epic that was found closed, and not by this run, was closed early."""
    ensure.host(order.actor, "closings in the tracker")
    job = ensure.job_there(ensure.run_there(state), command.job)
    if not unsettled(job):
        return ()
    early = job.spec.issue not in {*command.closed, *command.owed} and not job.closing.early
    noted = (events.ClosedEarly(command.job, job.spec.issue),) if early else ()
    return (*noted, events.IssuesClosed(command.job, command.closed, command.owed, command.reason))
