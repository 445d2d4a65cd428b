"""Whether a program that runs for long still gets on: its processor time and its reading and writing, watched from outside.

A time limit cannot tell a checkout of 100,000 files from a program that hangs. So a program is given up only when nothing
in its whole process tree has moved for long.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.world import processes

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS = 1.0
"""The time between two looks: one costs some 2 ms."""

PIPE_SECONDS = 2.0
"""How long git waits for the other end of a named pipe that somebody put in the place of one of its files."""

OPENING_PIPE = frozenset({"wait_for_partner", "fifo_open"})
"""Where Linux says that a process is while it opens a named pipe whose other end nobody has opened."""

SAY_SECONDS = 5.0
"""When a program is first said to take long; each later time comes after twice as long."""

WRITTEN = r"(?m)^wchar: (\d+)$"
SAYABLE_BYTES = 1_000_000


class Activity(Value):
    """What a process tree has done so far, at one moment."""

    moved: frozenset[str]
    """Equal for two moments when nothing moved between them."""
    written: int
    """Bytes that the living processes have written, in whatever place."""


def activity(pid: int) -> Activity:
    """What this process and its living descendants have done so far. Without `/proc` only which of them live is known."""
    moved: set[str] = set()
    written = 0
    for one in processes.below([pid], processes.table()):
        counted = _read(one, "io")
        moved.add(f"{one} {_read(one, 'stat')} {counted}")
        match = re.search(WRITTEN, counted)
        if match is not None:
            written += int(match[1])
    return Activity(frozenset(moved), written)


def _read(pid: int, name: str) -> str:
    """A file of a process in `/proc`; empty where there is none, or it is another user's."""
    try:
        return (processes.PROC / str(pid) / name).read_text(errors="replace")
    except OSError:
        return ""


class Watch:
    """Watches one program from its start. `say` gets a sentence when it takes long, at growing intervals."""

    def __init__(self, pid: int, name: str, say: Callable[[str], None]) -> None:
        self._pid = pid
        self._name = name
        self._say = say
        self._started = time.monotonic()
        self._moved_at = self._started
        self._say_after = SAY_SECONDS
        self._last: Activity | None = None

    def idle_seconds(self) -> float:
        """How long nothing has moved, as of this look; says how far it is when that is due."""
        now = time.monotonic()
        seen = activity(self._pid)
        if self._last is None or seen.moved != self._last.moved:
            self._moved_at = now
        self._last = seen

        elapsed = now - self._started
        if elapsed >= self._say_after:
            self._say_after *= 2
            self._say(self._sentence(elapsed, now - self._moved_at, seen.written))
        return now - self._moved_at

    def stuck(self, idle_seconds_max: float) -> str:
        """Why the program will not get on, as of this look; empty while it may.

        git never has to wait for the other end of a named pipe. A hook may, and is left alone.
        """
        idle = self.idle_seconds()
        if idle >= idle_seconds_max:
            return f"nothing in it had moved for {idle_seconds_max:g} seconds"
        if idle < PIPE_SECONDS:
            return ""
        for one in processes.below([self._pid], processes.table()):
            if _read(one, "comm").strip() == "git" and _read(one, "wchan") in OPENING_PIPE:
                return "a named pipe is in the place of one of its files"
        return ""

    def _sentence(self, elapsed: float, idle: float, written: int) -> str:
        """How long it has run, and how far it is."""
        sentence = f"{self._name} has run for {elapsed:.0f} s"
        if written >= SAYABLE_BYTES:
            sentence += f" and written {written // SAYABLE_BYTES} MB"
        if idle >= SAY_SECONDS:
            sentence += f"; nothing has moved for {idle:.0f} s"
        return sentence
