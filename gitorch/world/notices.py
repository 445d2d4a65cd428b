"""The configured command that notifies people outside of gitorch. Implements `ports.notices.Notices`.

A notice is a file below `<home>/notices/<run>`, written before the command starts. A kill in between loses that notice,
but a reminder follows; no notice is ever sent twice.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from gitorch.errors import Unavailable
from gitorch.world import notice_runner, reaper
from gitorch.world.files import read_regular, write_json
from gitorch.world.programs import without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gitorch.model.ids import RunId

FAILURE_BYTES_MAX = 4_000


def _no_ring(_: str) -> None:
    """No terminal is rung."""


class CommandNotices:
    """Sends the notices of one repository with one command, and never waits for it."""

    def __init__(
        self,
        home: Path,
        argv: tuple[str, ...],
        wait_seconds: int,
        environ: Mapping[str, str],
        quiet: tuple[int, int] = (0, 0),
        link: str = "",
        ring: Callable[[str], None] = _no_ring,
    ) -> None:
        """`quiet` are the first and the last minute of quiet hours; `ring` tells a sentence to attached terminals."""
        self._folder, self._argv, self._wait_seconds = home / "notices", argv, wait_seconds
        self._quiet, self._link, self._ring = quiet, link, ring
        self._environ = without(environ, ("GITORCH_", "GIT_", "TMUX"))
        self._environ[reaper.STARTED_VARIABLE] = "notice"
        self._failure = self._folder / "failure"
        self._runners: list[subprocess.Popen[bytes]] = []

    @property
    def _reaches_anybody(self) -> bool:
        """Whether a command is configured, or terminals are rung."""
        return bool(self._argv) or self._ring is not _no_ring

    def sent(self, run: RunId) -> frozenset[str] | None:
        """The names of a run's notices that were sent; None when nobody is to be notified, or not at this hour."""
        if not self._reaches_anybody:
            return None
        if is_quiet(self._quiet, time.localtime()):
            return None
        return frozenset(path.stem for path in (self._folder / run).glob("*.json"))

    def send(self, run: RunId, name: str, notice: Mapping[str, Any]) -> None:
        """Start the command for a notice, once for each name. Raises Unavailable when the notice cannot be written."""
        path = self._folder / run / f"{name}.json"
        if path.exists() or not self._reaches_anybody:
            return
        values = {**notice, "link": self._link.replace("{run}", run)}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, values)
        except OSError as error:
            raise Unavailable(f"a notice cannot be written to {path}: {error.strerror}", "df -h") from error
        self._ring(f"gitorch {run}: {notice.get('text', '')}")
        if self._argv:
            self._start_runner(path)

    def _start_runner(self, notice: Path) -> None:
        """Start a process that runs the command, and reap those that have ended."""
        arguments = (str(self._wait_seconds), str(notice), str(self._failure), *self._argv)
        self._runners = [runner for runner in self._runners if runner.poll() is None]
        marked = (sys.executable, "-I", "-S", reaper.__file__)
        runner = subprocess.Popen(
            [*marked, sys.executable, "-I", notice_runner.__file__, *arguments],
            env=self._environ,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._runners.append(runner)

    def failure(self) -> str:
        """Why the command failed, once until it has worked again; else empty."""
        data = read_regular(self._failure, FAILURE_BYTES_MAX)
        if data is None:
            return ""
        try:
            self._failure.replace(f"{self._failure}.reported")
        except OSError:
            return ""
        reason = data.decode("utf-8", "replace")
        return f"the notification command failed (reported once until it works again): {reason}"


def is_quiet(quiet: tuple[int, int], now: time.struct_time) -> bool:
    """Whether a time of day lies in the quiet hours, which may last over midnight; the last minute is not one of them."""
    begin, end = quiet
    minute = now.tm_hour * 60 + now.tm_min
    if begin <= end:
        return begin <= minute < end

    return minute >= begin or minute < end
