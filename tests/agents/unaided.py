"""What hooks and screen alone tell of a session, beside what its control channel tells."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from waiting import until

from gitorch.world.channels.chain import ChannelChain
from gitorch.world.clock import SystemClock
from gitorch.world.terminal.terminals import TmuxTerminals

if TYPE_CHECKING:
    from bench import Bench

    from gitorch.model.observed import AgentState
    from gitorch.world.terminal.session_files import SessionFolder

SHOWN_SECONDS = 12.0


class Shown:
    """What hooks and screen alone tell of the same session."""

    def __init__(self, one: Bench) -> None:
        self.one = one
        self.terminals = TmuxTerminals(one.terminals._home, one.socket, SystemClock(), os.environ)
        self.terminals._channels = self.terminals._observer._channels = NoChannels()

    def known_after(self, began: float, *states: AgentState) -> float:
        """How many seconds after `began` they say one of these states; endless when they do not within `SHOWN_SECONDS`."""

        def shows() -> bool:
            return self.terminals.observe([self.one.key])[self.one.key].state in states

        try:
            until(shows, SHOWN_SECONDS, 0.05)
        except AssertionError:
            return float("inf")
        return time.monotonic() - began


class NoChannels:
    """No channel of any session."""

    def of(self, _key: object, folder: SessionFolder, _launch: object) -> ChannelChain:
        return ChannelChain((), folder, SystemClock())

    def leave(self, _key: object) -> None:
        pass
