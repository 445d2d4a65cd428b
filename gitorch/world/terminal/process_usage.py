"""The processes below each agent, counted for all sessions in one pass: memory, and the commands they run (T16, T29)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.values import Value
from gitorch.world import processes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gitorch.model.ids import Moment
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.work.session import SessionKey
    from gitorch.world.process import Process

PLACE = "processes"
FRESH_MS = 3_000
"""How long a count stands. A pass over 400 processes takes some 10 ms, which is too much for every tick."""

MIB = 1 << 20


class Usage(Value):
    """The process tree of one session."""

    memory_mib: int = 0
    """Resident memory; pages that processes share count in each of them."""
    sign: str = ""
    """The evidence of work that the tree shows; empty without any."""


class ProcessUsage:
    """The last count of all sessions."""

    def __init__(self) -> None:
        self._counts: Mapping[SessionKey, Usage] = {}
        self._taken_at: Moment | None = None
        self._counted: frozenset[SessionKey] = frozenset()

    def take(self, agents: Mapping[SessionKey, tuple[int, Preset]], now: Moment) -> Mapping[SessionKey, Usage]:
        """The count of each agent's tree, by its process id; counted again when the last count is old or of other sessions.

        Memory is in MiB. A count may be up to `FRESH_MS` old.
        Empty when processes cannot be listed: nothing is concluded then.
        """
        if not agents:
            return {}

        if self._is_fresh(agents, now):
            return self._counts

        try:
            everything = processes.table()
        except Unavailable:
            return {}

        children = processes.children(everything)
        counts = {}
        for key, (pid, preset) in agents.items():
            counts[key] = _count(pid, preset, everything, children)

        self._counts = counts
        self._taken_at = now
        self._counted = frozenset(agents)
        return self._counts

    def _is_fresh(self, agents: Collection[SessionKey], now: Moment) -> bool:
        """Whether the last count is young enough and covers these sessions."""
        if self._taken_at is None:
            return False

        if not 0 <= now - self._taken_at < FRESH_MS:
            return False

        return self._counted.issuperset(agents)


def _count(pid: int, preset: Preset, everything: Mapping[int, Process], children: Mapping[int, list[int]]) -> Usage:
    """The memory of an agent and all its descendants, and whether a descendant shows work; the agent itself never does."""
    tree = processes.below([pid], everything, children)
    memory = sum(everything[member].resident for member in tree)

    sign = ""
    if _runs_command(preset, tree - {pid}):
        sign = f"{PLACE}: busy"

    return Usage(memory // MIB, sign)


def _runs_command(preset: Preset, descendants: Collection[int]) -> bool:
    """Whether one of these processes is a command that the preset names as a sign of work."""
    patterns = []
    for sign in preset.signs.get("busy", ()):
        if sign.place == PLACE:
            patterns.append(sign.pattern)

    if not patterns:
        return False

    return _any_matches(descendants, patterns)


def _any_matches(descendants: Collection[int], patterns: list[str]) -> bool:
    """Whether the command of one of these processes matches one of the patterns."""
    commands = "\n".join(processes.command(pid) for pid in sorted(descendants))
    for pattern in patterns:
        if re.search(pattern, commands, re.MULTILINE):
            return True

    return False
