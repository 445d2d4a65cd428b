"""The configured command that tells people what waits for them. Implements `ports.notices.Notices`.

A notice is a file below `<home>/notices/<run>`, written before the command is started: whoever is killed in between has
told nobody, and the reminder will; nobody is ever told the same twice.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from gitorch.errors import Unavailable
from gitorch.world import notice_runner
from gitorch.world.files import write_json
from gitorch.world.programs import without

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.model.ids import RunId


class CommandNotices:
    """Notices of one repository by one command; never waited for."""

    def __init__(self, home: Path, argv: tuple[str, ...], wait_seconds: int, environ: Mapping[str, str]) -> None:
        self._folder, self._argv, self._wait_seconds = home / "notices", argv, wait_seconds
        self._environ = without(environ, ("GITORCH_", "GIT_", "TMUX"))
        self._failure = self._folder / "failure"
        self._runners: list[subprocess.Popen[bytes]] = []

    def told(self, run: RunId) -> frozenset[str] | None:
        """See the port."""
        if not self._argv:
            return None
        return frozenset(path.stem for path in (self._folder / run).glob("*.json"))

    def tell(self, run: RunId, name: str, notice: Mapping[str, Any]) -> None:
        """See the port."""
        path = self._folder / run / f"{name}.json"
        if path.exists() or not self._argv:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, dict(notice))
        except OSError as error:
            raise Unavailable(f"a notice cannot be written to {path}: {error.strerror}", "df -h") from error
        self._runners = [runner for runner in self._runners if runner.poll() is None]
        self._runners.append(
            subprocess.Popen(
                [
                    *(sys.executable, "-I", notice_runner.__file__, str(self._wait_seconds), str(path)),
                    *(str(self._failure), *self._argv),
                ],
                env=self._environ,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    def failure(self) -> str:
        """See the port."""
        try:
            why = self._failure.read_text(encoding="utf-8")
            self._failure.replace(f"{self._failure}.said")
        except OSError:
            return ""
        return f"the notification command failed, which is said once until it works again: {why}"
