"""A program's own transcript, followed as it grows: the state that its last telling line shows, and its rate of lines (T16, T29)."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.json_text import is_json_object
from gitorch.rules.agent_state.judge import StateReading
from gitorch.rules.agent_state.screen import ORDER
from gitorch.world.terminal.rate_meter import RateMeter
from gitorch.world.terminal.receipts import transcript_sizes

if TYPE_CHECKING:
    from gitorch.model.observed import AgentState
    from gitorch.model.plans.runtime import Preset
    from gitorch.world.terminal.session_files import LaunchRecord

PLACE = "transcript"
SEARCH_MS = 2_000
"""How often the newest file is searched for: a conversation may begin a new one, and the search reads a folder."""

BYTES_MAX = 1_000_000
"""The most that one observation reads. A conversation that was resumed may have written far more before."""


class Transcript:
    """The transcript of one session; its preset names the files that it may be in."""

    def __init__(self, launch: LaunchRecord, user_home: str) -> None:
        self._launch = launch
        self._user_home = user_home
        self._signs = _transcript_signs(launch.preset)
        self._path: Path | None = None
        self._offset = 0
        self._whole_to = 0
        """Where the last whole line that was read ended; 0 at the beginning of a file."""
        self.broken_lines = 0
        """Lines of a file of JSON lines that no program wrote, whatever they are instead."""
        self._searched_at = Moment(0)
        self.rate_meter = RateMeter()
        self.last: StateReading | None = None

    def follow(self, now: Moment) -> None:
        """Read the lines that were added since the last call."""
        if now - self._searched_at >= SEARCH_MS:
            self._search()
            self._searched_at = now

        if self._path is None:
            return

        try:
            self._read_growth(self._path, now)
        except OSError:
            self._path = None

    def _search(self) -> None:
        """Take the file that was written last, if after the start: older ones are other conversations of this worktree."""
        sizes = transcript_sizes(self._launch.preset, Path(self._launch.cwd), self._user_home)
        newest = self._newest_file(sizes)
        if newest is not None and Path(newest) != self._path:
            self._path = Path(newest)
            self._offset = max(0, sizes[newest] - BYTES_MAX)
            self._whole_to = 0

    def _newest_file(self, sizes: dict[str, int]) -> str | None:
        """The file that was written last, if after the start; None where there is none."""
        newest, written_at = None, self._launch.started_at
        for name in sizes:
            try:
                at = Moment(Path(name).stat().st_mtime_ns // 1_000_000)
            except OSError:  # removed meanwhile
                continue

            if at >= written_at:
                newest, written_at = name, at

        return newest

    def _read_growth(self, path: Path, now: Moment) -> None:
        """Read what the file gained, up to its last whole line."""
        # Without O_NONBLOCK a named pipe that an agent put in its place would hold up the whole tick.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size <= self._offset:
            os.close(descriptor)
            return

        start = max(self._offset, about.st_size - BYTES_MAX)
        with os.fdopen(descriptor, "rb") as file:
            file.seek(start)
            data = file.read(BYTES_MAX)
            end = file.tell()

        whole = data.rfind(b"\n") + 1
        self.broken_lines += _count_broken(path, data[:whole], is_torn=start != self._whole_to)
        self._offset = self._whole_to = end - len(data) + whole
        lines = data[:whole].decode("utf-8", "replace").splitlines()
        self.rate_meter.add(now, len(lines))
        self._read_state(lines, Moment(about.st_mtime_ns // 1_000_000))

    def _read_state(self, lines: list[str], written_at: Moment) -> None:
        """Keep the state that the last telling line shows; the state before stays where no line tells one."""
        for line in reversed(lines):
            found = self._state_of(line)
            if found is not None:
                self.last = StateReading(*found, written_at)
                return

    def _state_of(self, line: str) -> tuple[AgentState, str] | None:
        for state, name, pattern in self._signs:
            if pattern.search(line):
                return state, f"{PLACE}: {name}"

        return None


def _count_broken(path: Path, data: bytes, *, is_torn: bool) -> int:
    """How many lines of a file of JSON lines are no object; `is_torn` says that the first may be the end of one."""
    if path.suffix != ".jsonl":
        return 0

    lines = data.splitlines()[is_torn:]
    return len(lines) - sum(map(_is_object, lines))


def _is_object(line: bytes) -> bool:
    """Whether a line is an object; a blank one is nothing, and no fault."""
    return not line.strip() or is_json_object(line)


def _transcript_signs(preset: Preset) -> list[tuple[AgentState, str, re.Pattern[str]]]:
    """The preset's signs for transcripts, in the order in which states are tried."""
    signs: list[tuple[AgentState, str, re.Pattern[str]]] = []
    for name, state in ORDER.items():
        patterns = []
        for sign in preset.signs.get(name, ()):
            if sign.place == PLACE:
                patterns.append(sign.pattern)

        signs.extend((state, name, re.compile(pattern)) for pattern in patterns)

    return signs
