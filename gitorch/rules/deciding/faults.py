"""Faults: steps of gitorch's own work that failed, and those that fail no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands, events
from gitorch.rules.guards import ensure

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.work.board import State
    from gitorch.model.work.run import Run
    from gitorch.rules.deciding import Decisions


def note(state: State, order: Order, command: commands.NoteFault) -> tuple[Event, ...]:
    """One more failure of a step."""
    ensure.host(order.actor, "faults of its own steps")
    run = ensure.run_there(state)
    step = command.step
    noted = events.FaultNoted(
        step=step.name,
        doing=step.doing,
        job=step.job,
        session=step.session,
        times=_times(run, step.name) + 1,
        code=command.code,
        reason=command.reason,
    )
    return (noted,)


def _times(run: Run, step: str) -> int:
    """How often a step has failed so far."""
    fault = run.faults.get(step)
    if fault is None:
        return 0

    return fault.times


def clear(state: State, order: Order, command: commands.ClearFault) -> tuple[Event, ...]:
    """The end of a fault, once."""
    ensure.host(order.actor, "faults of its own steps")
    if command.step not in ensure.run_there(state).faults:
        return ()

    return (events.FaultCleared(command.step),)


DECISIONS: Decisions = {
    commands.NoteFault: note,
    commands.ClearFault: clear,
}
