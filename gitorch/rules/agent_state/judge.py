"""Decide what an agent is doing from several sources of evidence, in order of trust (T16).

The agent's own report stands above all of them: once the ledger holds a handoff, no screen can contradict it. Then come,
most trusted first, the agent's hooks, its transcript, its pane title, its processes and its screen. The first source that
knows a state decides. A less trusted source corrects it only when that source can know better: its evidence is newer,
nothing has moved for a while, or it shows a dialog, into which nothing may be typed.
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
"""How much newer than a hook output must be to count against it: tmux records activity in whole seconds."""

LIMITS = frozenset({"rate_limit", "usageLimitExceeded", "rateLimitExceeded"})
"""The kinds of error by which hooks tell that a usage limit was reached: Claude Code's, then Codex'."""

FAILED = frozenset({AgentState.ERROR, AgentState.LIMITED})
BUSY = frozenset({AgentState.WORKING, AgentState.DIALOG})


class StateReading(Value):
    """The state that one source shows."""

    state: AgentState

    sign: str
    """The evidence for the state, such as `hook: stop` or `screen: busy`."""

    at: Moment
    """When the source began to show this state."""

    beside: bool = False
    """Whether the source was read at the same moment as the screen, so that neither is newer than the other."""


def readings_from_hook(last: Signal | None) -> tuple[StateReading, ...]:
    """The reading of the last hook event; empty when there was none or its event implies no state.

    Hooks are the most trusted source, so this reading comes first.
    """
    if last is None or last.event not in HOOKS:
        return ()

    if last.event == "error" and last.text in LIMITS:
        return (StateReading(AgentState.LIMITED, f"hook: {last.text}", last.at),)

    return (StateReading(HOOKS[last.event], f"hook: {last.event}", last.at),)


def readings_from_screen(screen: Screen, changed_at: Moment, processes: str = "") -> tuple[StateReading, ...]:
    """The readings of the title, the processes and the screen, in order of trust.

    `processes` is the sign by which the process tree shows work; empty when it shows none.
    """
    tree = StateReading(AgentState.UNKNOWN, "", changed_at, beside=True)
    if processes:
        tree = StateReading(AgentState.WORKING, processes, changed_at, beside=True)

    return (
        StateReading(*screen.title, changed_at, beside=True),
        tree,
        StateReading(*screen.screen, changed_at),
    )


def judge(readings: Sequence[StateReading], *, ready_seen: bool, now: Moment) -> tuple[AgentState, str]:
    """The state of a living agent and the sign that shows it, from readings in order of trust.

    A dialog counts wherever it shows, because typing into a dialog answers it. When no source knows, the state is
    UNKNOWN, or STARTING while the agent has not been ready yet.
    """
    best: StateReading | None = None
    for reading in readings:
        if reading.state is AgentState.UNKNOWN:
            continue

        best = _better(best, reading, now)

    if best is None:
        return _unknown(ready_seen=ready_seen)

    return best.state, best.sign


def _better(upper: StateReading | None, lower: StateReading, now: Moment) -> StateReading:
    """The reading to believe so far; the first one that knows a state is the most trusted."""
    if upper is None:
        return lower

    return _corrected(upper, lower, now)


def _unknown(*, ready_seen: bool) -> tuple[AgentState, str]:
    """The state of an agent about which no source knows anything."""
    if ready_seen:
        return AgentState.UNKNOWN, ""

    return AgentState.STARTING, "no sign yet"


def _corrected(upper: StateReading, lower: StateReading, now: Moment) -> StateReading:
    """The reading to believe: `upper` from the more trusted source, unless `lower` can know better."""
    # A dialog that shows is there, whatever a hook reported: nothing may be typed into it.
    if lower.state is AgentState.DIALOG:
        return lower

    if lower.state is AgentState.WORKING:
        return _corrected_by_work(upper, lower)

    if lower.state in FAILED and upper.state in READY | FAILED:
        return _corrected_by_failure(upper, lower)

    # Two sources that both show no work differ only in words; the more trusted one counts.
    if upper.state not in BUSY:
        return upper

    return _corrected_by_rest(upper, lower, now)


def _corrected_by_rest(upper: StateReading, lower: StateReading, now: Moment) -> StateReading:
    """The reading to believe when the more trusted source shows work or a dialog, and the other one neither."""
    if not upper.beside:
        return _corrected_by_silence(upper, lower, now)

    # Title and screen were read at the same moment, so the dialog is still open.
    if upper.state is AgentState.DIALOG:
        return upper

    # A usage limit on the screen explains a title that goes on showing work.
    if lower.state is AgentState.LIMITED:
        return lower

    return _corrected_by_silence(upper, lower, now)


def _corrected_by_work(upper: StateReading, lower: StateReading) -> StateReading:
    """Work counts against a hook or transcript only when it is newer than that source's last word."""
    if upper.state is lower.state:
        return upper

    # Neither is newer than the other, so the more trusted one counts if it shows work, too.
    if upper.beside and upper.state in BUSY:
        return upper

    if upper.beside:
        return lower

    if lower.at >= upper.at + NEWER_MS:
        return lower

    return upper


def _corrected_by_failure(upper: StateReading, lower: StateReading) -> StateReading:
    """The reading to believe when the lower source shows a failure.

    A failed program looks ready, so a failure corrects readiness; a usage limit explains an error.
    """
    if upper.state in READY or lower.state is AgentState.LIMITED:
        return lower

    return upper


def _corrected_by_silence(upper: StateReading, lower: StateReading, now: Moment) -> StateReading:
    """A source that shows no work counts against one that shows work once nothing has moved for `QUIET_MS`.

    The sign of the result names both sources. Readiness after work means that the agent waits.
    """
    if now - max(lower.at, upper.at) < QUIET_MS:
        return upper

    state = lower.state
    if state in READY:
        state = AgentState.WAITING

    return StateReading(state, f"{lower.sign}, quiet after {upper.sign}", lower.at, lower.beside)
