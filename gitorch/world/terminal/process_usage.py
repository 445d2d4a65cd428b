"""The processes below each agent, counted for all sessions by one pass over the process table: memory, and what they run (T16, T29)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.values import Value
from gitorch.world import processes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Moment
    from gitorch.model.runtime import Preset
    from gitorch.ports.world import SessionKey
    from gitorch.world.processes import Process

PLACE = "processes"
FRESH_MS = 3_000
"""How long a count stands. A pass over 400 processes takes some 10 ms, which every tick should not."""

MIB = 1 << 20


class Usage(Value):
    """One session's tree: resident memory, pages that processes share counted in each, and the sign of work that it shows."""

    memory_mib: int = 0
    sign: str = ""


class ProcessUsage:
    """The last count of all sessions."""

    def __init__(self) -> None:
        self._counts: Mapping[SessionKey, Usage] = {}
        self._taken_at: Moment | None = None
        self._of: frozenset[SessionKey] = frozenset()

    def take(self, agents: Mapping[SessionKey, tuple[int, Preset]], now: Moment) -> Mapping[SessionKey, Usage]:
        """The count of each agent's tree, by its process id; anew when the last one is old or of other sessions.

        Where processes cannot be listed nothing is counted, and nothing concluded.
        """
        fresh = self._taken_at is not None and 0 <= now - self._taken_at < FRESH_MS
        if not agents or (fresh and self._of >= agents.keys()):
            return self._counts if agents else {}
        try:
            everything = processes.table()
        except Unavailable:
            return {}
        children = processes.children(everything)
        self._counts = {key: _count(pid, preset, everything, children) for key, (pid, preset) in agents.items()}
        self._taken_at, self._of = now, frozenset(agents)
        return self._counts


def _count(pid: int, preset: Preset, everything: Mapping[int, Process], children: Mapping[int, list[int]]) -> Usage:
    tree = processes.below([pid], everything, children)
    memory = sum(everything[one].resident for one in tree)
    signs = [sign for sign in preset.signs.get("busy", ()) if sign.place == PLACE]
    commands = "\n".join(processes.command(one) for one in sorted(tree - {pid})) if signs else ""
    works = any(re.search(sign.pattern, commands, re.MULTILINE) for sign in signs)
    return Usage(memory // MIB, f"{PLACE}: busy" if works else "")
