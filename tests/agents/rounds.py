"""A program led through its states, round after round: how soon its channel tells each one, and how many of its words were wrong.

What the program does is known here, because the test and the stand-in for its model make it do that. A word of the channel is *wrong* if
it names neither the state before nor the new one, nor one that the program passes on its way; and, once it has named the new state, if
it names another one while the program stays in it. A moment without any word counts as *silent*.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import time
from typing import TYPE_CHECKING

from unaided import Shown
from waiting import until

from gitorch.model.observed import READY, AgentState

if TYPE_CHECKING:
    from collections.abc import Collection

    from bench import Bench

ROUNDS = int(os.environ.get("STATE_ROUNDS", "3"))
"""How often each state is brought about; the figures in docs/agents.md are of 20."""

COMPARED = ROUNDS > 3
"""Whether hooks and screen are asked, too, which takes their time."""

UNKNOWN_SECONDS = 120.0
WATCHED_SECONDS = 1.0
"""How long the words of the channel are watched after it has named a state."""

SILENT_IN = 100
"""Of so many words one may be missing: on a busy machine a server does not answer in time now and then."""

TURN = READY | {AgentState.WORKING}
"""What a program passes that begins and ends a turn."""


class Rounds:
    """What the channel of one session tells, beside what hooks and screen alone tell."""

    def __init__(self, one: Bench, channel: str, *, compared: bool = COMPARED) -> None:
        self.known: dict[str, list[float]] = {}
        self.shown: dict[str, list[float]] = {}
        self.words = 0
        self.silent = 0
        self.wrong: list[str] = []
        self._one = one
        self._channel = channel
        self._alone = Shown(one) if compared else None
        self._before: frozenset[AgentState] = READY

    def reach(self, name: str, since: float, wanted: Collection[AgentState]) -> None:
        """Wait until the channel names one of these states, counted from `since`, and watch it for a while."""
        lawful = self._before | TURN | frozenset(wanted)
        try:
            until(lambda: self._word(name, lawful) in wanted, UNKNOWN_SECONDS, 0.01, what=name)
        except AssertionError as late:
            raise AssertionError(f"{late}: {self._one.seen()}\n{self._one.screen()}") from late
        self.known.setdefault(name, []).append(time.monotonic() - since)
        if self._alone is not None:
            self.shown.setdefault(name, []).append(self._alone.known_after(since, *wanted))
        self._watch(f"{name}, known", wanted)
        self._before = frozenset(wanted)

    def end(self) -> None:
        """Kill the program, and wait until its end is known; the kernel tells that, not the channel."""
        since = time.monotonic()
        os.kill(self._one.seen().pid, signal.SIGKILL)
        self._one.until(lambda seen: seen.state is AgentState.EXITED, "its end")
        self.known["ended, once"] = [time.monotonic() - since]

    def _watch(self, name: str, lawful: Collection[AgentState]) -> None:
        end = time.monotonic() + WATCHED_SECONDS

        def over() -> bool:
            self._word(name, lawful)
            return time.monotonic() >= end

        until(over)

    def _word(self, name: str, lawful: Collection[AgentState]) -> AgentState | None:
        """The state that the channel names now, counted as a word."""
        seen = self._one.seen()
        if seen.channel != self._channel:
            self.silent += 1
            return None
        self.words += 1
        if seen.state not in lawful:
            self.wrong.append(f"{name}: {seen.state} ({seen.evidence})")
        return seen.state

    def lines(self) -> list[str]:
        """The rows of the table in docs/agents.md, and the count below it."""
        rows = [
            f"| {name} | {figures(times)} | {figures(self.shown.get(name, []))} |" for name, times in self.known.items()
        ]
        rounds = max(len(times) for times in self.known.values())
        rows.append(f"Rounds: {rounds}. Words: {self.words}. Wrong: {len(self.wrong)}. Silent: {self.silent}.")
        return rows

    def hold(self, known_seconds: float) -> None:
        """Assert that no word was wrong, that the channel hardly ever had none, and that each state was known in this time."""
        sys.stdout.write("\n".join(["", self._one.program.name, *self.lines(), ""]))
        assert self.wrong == [], "\n".join(self.wrong)
        assert self.silent * SILENT_IN <= self.words
        assert max(max(times) for times in self.known.values()) < known_seconds


def figures(times: list[float]) -> str:
    """The median and the worst of some times, as in the table."""
    if not times:
        return ""
    return f"{_seconds(statistics.median(times))}, {_seconds(max(times))}"


def _seconds(value: float) -> str:
    return "not within 12 s" if value == float("inf") else f"{value:.1f} s"
