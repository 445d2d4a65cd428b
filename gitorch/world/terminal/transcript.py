"""A program's own transcript, followed as it grows: what its last telling line says, and how fast lines are added (T16, T29)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.rules.agent_state.judge import StateReading
from gitorch.rules.agent_state.screen import ORDER
from gitorch.world.terminal.rate_meter import RateMeter
from gitorch.world.terminal.receipts import transcript_sizes

if TYPE_CHECKING:
    from gitorch.model.observed import AgentState
    from gitorch.world.terminal.session_files import LaunchRecord

PLACE = "transcript"
SEARCH_MS = 2_000
"""How often the newest file is looked for: a conversation may begin a new one, and finding it reads a folder."""

BYTES_MAX = 1_000_000
"""How much is read at a look; a conversation that was taken up again may have written far more before."""


class Transcript:
    """The transcript of one session; its preset names the files it may be in."""

    def __init__(self, launch: LaunchRecord, user_home: str) -> None:
        self._launch = launch
        self._user_home = user_home
        self._signs = [
            (state, name, re.compile(sign.pattern))
            for name, state in ORDER.items()
            for sign in launch.preset.signs.get(name, ())
            if sign.place == PLACE
        ]
        self._path: Path | None = None
        self._offset = 0
        self._searched_at = Moment(0)
        self.rate_meter = RateMeter()
        self.last: StateReading | None = None

    def follow(self, now: Moment) -> None:
        """Read what was added since the last look."""
        if now - self._searched_at >= SEARCH_MS:
            self._search()
            self._searched_at = now
        if self._path is None:
            return
        try:
            about = self._path.stat()
            if about.st_size > self._offset:
                self._read(self._path, about.st_size, Moment(about.st_mtime_ns // 1_000_000), now)
        except OSError:
            self._path = None

    def _search(self) -> None:
        """The file that was written last, if that was since the start: others are older conversations of this worktree."""
        since = self._launch.started_at
        sizes = transcript_sizes(self._launch.preset, Path(self._launch.cwd), self._user_home)
        written = {Path(name): Path(name).stat().st_mtime_ns // 1_000_000 for name in sizes}
        newest = max(written, key=lambda path: written[path], default=None)
        if newest is not None and written[newest] >= since and newest != self._path:
            self._path = newest
            self._offset = max(0, sizes[str(newest)] - BYTES_MAX)

    def _read(self, path: Path, size: int, written_at: Moment, now: Moment) -> None:
        with path.open("rb") as file:
            file.seek(max(self._offset, size - BYTES_MAX))
            data = file.read(BYTES_MAX)
            end = file.tell()
        whole = data.rfind(b"\n") + 1
        self._offset = end - len(data) + whole
        lines = data[:whole].decode("utf-8", "replace").splitlines()
        self.rate_meter.add(now, len(lines))
        told = next((found for line in reversed(lines) if (found := self._told(line)) is not None), None)
        if told is not None:
            self.last = StateReading(*told, written_at)

    def _told(self, line: str) -> tuple[AgentState, str] | None:
        for state, name, pattern in self._signs:
            if pattern.search(line):
                return state, f"{PLACE}: {name}"
        return None
