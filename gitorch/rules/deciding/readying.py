"""Whether the target's tests may be recorded, and a run's settings corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands, events
from gitorch.rules.guards import ensure

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.work.board import State
    from gitorch.rules.deciding import Decisions


def record_target_check(
    state: State,
    order: Order,
    command: commands.RecordTargetCheck,
) -> tuple[Event, ...]:
    """The result of the command that the run has now, once, while agents wait for it."""
    ensure.host(order.actor, "test results")
    run = ensure.run_there(state)
    if run.is_target_ready or run.target_check is not None:
        return ()

    if command.check.command != run.settings.test_command:
        return ()

    return (events.TargetChecked(command.check),)


def change_settings(
    state: State,
    order: Order,
    command: commands.ChangeSettings,
) -> tuple[Event, ...]:
    """The settings from now on; nothing when they are the same. Raises Refused for a run that is over."""
    ensure.principal(order.actor, "config set")
    run = ensure.run_open(ensure.run_there(state))
    if command.settings == run.settings:
        return ()

    return (events.SettingsChanged(command.keys, command.settings),)


DECISIONS: Decisions = {
    commands.RecordTargetCheck: record_target_check,
    commands.ChangeSettings: change_settings,
}
