"""The log files that a program writes itself, read as they grow.

Some programs that wait for the end of a usage limit say so only there.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.text.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONVERSATION = "{id}"
"""Stands in a path for the id of the conversation."""

BYTES_MAX = 1_000_000
"""The most that one call reads of a log. Of one that grew by more, only the newest part is read."""


class ProgramLogs:
    """The logs of one program. A log that others write, too, names the conversation in each line; else its path does."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._conversation = ""
        self._logs: list[LogFile] = []

    def added(self, conversation: str) -> Iterator[str]:
        """The lines about this conversation that were added since the last call, and since its beginning at the first one."""
        if conversation != self._conversation:
            self._conversation = conversation
            self._logs = [LogFile(_path(path, conversation)) for path in self._paths]

        for log in self._logs:
            for line in log.added():
                if conversation in line or conversation in log.path.name:
                    yield line


class LogFile:
    """One log, from its present end on. One that does not exist yet is read from its beginning."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = Lines()
        self._offset = 0
        with contextlib.suppress(OSError):
            self._offset = path.stat().st_size

    def added(self) -> Iterator[str]:
        """The lines that were added since the last call; none of a log that cannot be read."""
        try:
            data = self._growth()
        except OSError:
            return

        for line in self._lines.feed(data):
            yield (line or b"").decode("utf-8", "replace")

    def _growth(self) -> bytes:
        # Without O_NONBLOCK a named pipe in its place would hold up the host.
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                return b""

            if about.st_size < self._offset:
                self._offset = 0  # it was begun anew

            file.seek(max(self._offset, about.st_size - BYTES_MAX))
            data = file.read(BYTES_MAX)
            self._offset = file.tell()
            return data


def _path(path: str, conversation: str) -> Path:
    """The path of a log. An id that a program chose names a file, and never leads out of the log's folder."""
    return Path(path.replace(CONVERSATION, conversation.replace("/", "_"))).expanduser()
