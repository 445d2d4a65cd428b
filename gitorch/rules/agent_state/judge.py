"""What an agent is doing, from everything that tells of it, in an order of trust (T16).

The agent's own report stands above all of it: what was handed in is in the ledger, and no screen takes it back. Below it come its
hooks, its transcript, its pane title, the processes it has started, its screen. The first that knows decides, and one below
corrects it only where it can know better: it is younger, or it has been quiet for long enough, or it shows what forbids typing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.observed import READY, AgentState
from gitorch.model.values import Value
from gitorch.rules.agent_state.screen import HOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.ids import Moment
    from gitorch.rules.agent_state.screen import Screen, Signal

QUIET_MS = 5_000
"""A busy program repaints its spinner far more often than this; an interrupted one repaints nothing and fires no hook."""

NEWER_MS = 2_000
"""By how much output must be younger than a hook to count against it: tmux counts activity in whole seconds."""

FAILED = frozenset({AgentState.ERROR, AgentState.LIMITED})
BUSY = frozenset({AgentState.WORKING, AgentState.DIALOG})


class StateReading(Value):
    """What one source says, and since when. `beside` says that it was read in the same moment as the screen."""

    state: AgentState
    sign: str
    at: Moment
    beside: bool = False


def hooked(last: Signal | None) -> tuple[StateReading, ...]:
    """What the last hook event tells; nothing where there was none, or one that tells no state."""
    if last is None or last.event not in HOOKS:
        return ()
    return (StateReading(HOOKS[last.event], f"hook: {last.event}", last.at),)


def shown(seen: Screen, changed_at: Moment, processes: str = "") -> tuple[StateReading, ...]:
    """What title, processes and screen tell. `processes` is the sign by which the process tree shows work."""
    tree = (AgentState.WORKING, processes) if processes else (AgentState.UNKNOWN, "")
    return (
        StateReading(*seen.title, changed_at, beside=True),
        StateReading(*tree, changed_at, beside=True),
        StateReading(*seen.screen, changed_at),
    )


def judge(readings: Sequence[StateReading], *, ready_seen: bool, now: Moment) -> tuple[AgentState, str]:
    """The state of a living agent and the sign that told it, from readings in their order of trust.

    A dialog counts wherever it shows, since typing into one answers it. UNKNOWN where nothing tells, STARTING before anything did.
    """
    told: StateReading | None = None
    for reading in readings:
        if reading.state is AgentState.UNKNOWN:
            continue
        told = reading if told is None else _corrected(told, reading, now)
    if told is None:
        return (AgentState.UNKNOWN, "") if ready_seen else (AgentState.STARTING, "no sign yet")
    return told.state, told.sign


def _corrected(told: StateReading, lower: StateReading, now: Moment) -> StateReading:
    if lower.state is AgentState.DIALOG:
        return lower
    if lower.state is AgentState.WORKING:
        younger = told.beside or lower.at >= told.at + NEWER_MS
        return lower if younger and not (told.beside and told.state in BUSY) and told.state is not lower.state else told
    if lower.state in FAILED and told.state in READY | FAILED:
        return lower if told.state in READY or lower.state is AgentState.LIMITED else told
    if told.state not in BUSY or (told.beside and told.state is AgentState.DIALOG):
        return told
    if told.beside and lower.state is AgentState.LIMITED:
        return lower
    return _settled(told, lower, now)


def _settled(told: StateReading, lower: StateReading, now: Moment) -> StateReading:
    """A source that shows no work, against one above it that says work, once nothing has moved for long enough."""
    if now - max(lower.at, told.at) < QUIET_MS:
        return told
    state = AgentState.WAITING if lower.state in READY else lower.state
    return StateReading(state, f"{lower.sign}, quiet after {told.sign}", lower.at, lower.beside)
