"""A session's pane right before something is typed: its state, its input line, and whether a text may be typed now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.observed import AT_PROMPT, READY, AgentState
from gitorch.model.values import Value
from gitorch.rules.agent_state.by_channel import readings_below
from gitorch.rules.agent_state.judge import judge, readings_from_hook, readings_from_screen
from gitorch.rules.agent_state.permission import dialog_on, state_after_limit
from gitorch.rules.agent_state.screen import (
    HOOKS,
    input_is_empty,
    is_above_cursor,
    is_in_input,
    read_screen,
    text_before_cursor,
)
from gitorch.world.terminal.session_cache import limit_end

if TYPE_CHECKING:
    from gitorch.rules.agent_state.screen import Signal
    from gitorch.world.channels.site import ChannelSite
    from gitorch.world.terminal.tmux import Pane

FIRST_PROMPT_MS = 10_000
"""How long a program whose hooks work may take to accept a prompt that was its argument."""

ACCEPTED = frozenset({"prompt", "stop", "permission", "error"})
"""Hook events that show that the first prompt was accepted."""


class PaneObservation(Value):
    """What a pane shows at one moment."""

    pane: Pane
    state: AgentState
    sign: str
    """The evidence for the state."""
    empty: bool | None
    """Whether the input line is empty; None where the preset cannot tell."""
    ours: bool
    """Whether our text stands in the input line."""
    broken: bool = False
    """Whether our text stands above an empty line: a slow program took the submit key as a line break."""

    @property
    def shows(self) -> bool:
        """Whether our text shows in the input line; true where nobody can tell."""
        return self.ours or self.empty is None

    @property
    def takes_submit_key(self) -> bool:
        """Whether the submit key would reach the program's input line."""
        return self.state in AT_PROMPT and not self.pane.in_mode

    @property
    def unsent(self) -> bool:
        """Whether our text stands there and was not submitted."""
        return self.ours or self.broken


class PaneReader:
    """Reads one session's pane. Nothing is kept between two observations."""

    def __init__(self, site: ChannelSite) -> None:
        self._tmux = site.tmux
        self._clock = site.clock
        self._folder = site.folder
        self._launch = site.launch
        self._preset = site.launch.preset
        self._reported = site.reported
        self._nonce = os.urandom(8).hex()

    def observe(self, line: str) -> PaneObservation | None:
        """The pane, with `line` looked for in its input; None when the pane is not there. Raises Unavailable."""
        observed = self._tmux.observe_pane(self._launch.pane, self._nonce)
        if observed is None:
            return None

        pane, screen = observed
        state, sign = self._state(pane, screen)
        left = text_before_cursor(screen, pane.cursor_x, pane.cursor_y)
        empty = input_is_empty(self._preset, left)
        broken = empty is False and is_above_cursor(line, screen, pane.cursor_x, pane.cursor_y)
        return PaneObservation(pane, state, sign, empty, is_in_input(line, left), broken)

    def _state(self, pane: Pane, screen: str) -> tuple[AgentState, str]:
        """The agent's state and its evidence, from the process, its channels, the last hook and the screen."""
        if pane.dead or self._folder.exit_status() is not None:
            return AgentState.EXITED, "process"

        on_screen = readings_from_screen(read_screen(screen, pane.title, self._preset), Moment(pane.active_at * 1000))
        now = self._clock.now()
        readings = readings_below(self._reported(), readings_from_hook(self._last_hook()), on_screen, now)
        state, sign = judge(readings, ready_seen=True, now=now)
        ends = limit_end(screen, state, pane.active_at)
        if ends is not None and self._clock.now() > ends:
            return state_after_limit(dialog_on(screen, self._preset))

        return state, sign

    def _last_hook(self) -> Signal | None:
        """The last hook event that shows a state; None when there is none."""
        for signal in reversed(self._folder.signals()):
            if signal.event in HOOKS:
                return signal

        return None

    def refusal(self, observation: PaneObservation) -> str:
        """Why nothing may be typed now; empty when it may."""
        reason = _state_refusal(observation)
        if reason:
            return reason

        reason = self._terminal_refusal(observation)
        if reason:
            return reason

        return self._program_refusal()

    def _terminal_refusal(self, observation: PaneObservation) -> str:
        """The same for the pane and its input line."""
        if observation.pane.pid != self._launch.pane_pid:
            return "another program runs in its terminal"

        if observation.pane.in_mode and observation.pane.attached:
            return "somebody is reading its terminal in copy mode"

        if observation.empty is False:
            return "its input contains a half-written line"

        return ""

    def _program_refusal(self) -> str:
        """The same for a program that shows its input line before it can take a text."""
        if self._first_prompt_pending():
            return "it has not accepted its first prompt yet"

        if self._warming_up():
            return "its input line has only just appeared"

        return ""

    def _warming_up(self) -> bool:
        """Whether the program may still be unable to take a paste, although its input line is there.

        Gemini CLI asks for pastes in brackets 0.15 s later. Until then it takes a paste as single keys, of which some are commands.
        """
        if not self._preset.warm_ms:
            return False

        at = self._folder.ready_at()
        if at is None:
            self._folder.mark_ready()
            return True

        return 0 <= self._clock.now() - at < self._preset.warm_ms

    def _first_prompt_pending(self) -> bool:
        """Whether the prompt that was the program's argument may still be on its way into the program."""
        if not self._launch.prompt:
            return False

        if self._clock.now() - self._launch.started_at >= FIRST_PROMPT_MS:
            return False

        events = {signal.event for signal in self._folder.signals()}
        if not events:
            return False

        return events.isdisjoint(ACCEPTED)


def _state_refusal(observation: PaneObservation) -> str:
    """Why nothing may be typed into an agent in this state; empty when it may."""
    allowed = READY
    if observation.empty:
        allowed = AT_PROMPT | {AgentState.LIMITED}

    if observation.state in allowed:
        return ""

    if not observation.sign:
        return f"the agent's state is {observation.state}"

    return f"the agent's state is {observation.state} ({observation.sign})"
