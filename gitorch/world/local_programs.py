"""The programs on the caller's PATH: where they are, their versions, whether a sandbox can be made, and a shell command of the project."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.world import reaper
from gitorch.world.programs import run, without

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

LATELY_SECONDS = 60.0
"""How old an answer may be that a loop is given: a program that asks a forge takes a second, and forges count the questions."""


class LocalPrograms:
    """Programs on the PATH of an environment. Implements `ports.world.Programs`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lately: dict[str, tuple[float, tuple[int, str]]] = {}

    def find(self, name: str) -> str:
        """The path of a program on the PATH; empty when there is none."""
        import shutil  # noqa: PLC0415  # 4 ms, for the verbs that look for programs

        if not name:
            return ""

        return shutil.which(name, path=self._environ.get("PATH")) or ""

    def first_line(self, argv: Sequence[str], wait_seconds: float = 10.0) -> str:
        """The first line that a short command prints; empty when it fails or exceeds `wait_seconds`."""
        if not argv or not self.find(argv[0]):
            return ""

        try:
            result = run(list(argv), self._environ, wait_seconds=wait_seconds)
        except Unavailable:
            return ""

        lines = (result.out or result.err).splitlines()
        if result.status != 0 or not lines:
            return ""

        return lines[0].strip()

    def first_lines(
        self, commands: Collection[tuple[str, ...]], wait_seconds: float = 2.0
    ) -> Mapping[tuple[str, ...], str]:
        """The first line that each command prints, all asked side by side; see `ports.world`."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # 6 ms, only for `doctor`

        asked = list(dict.fromkeys(commands))
        if not asked:
            return {}

        with ThreadPoolExecutor(len(asked)) as pool:
            lines = pool.map(lambda argv: self.first_line(argv, wait_seconds), asked)
            return dict(zip(asked, lines, strict=True))

    def first_present(self, names: Sequence[str]) -> str:
        """The first of these files and variables that is there; see `ports.world`."""
        for name in names:
            if name.startswith("$") and self._environ.get(name[1:]):
                return name

            if not name.startswith("$") and self._path(name).exists():
                return name

        return ""

    def _path(self, name: str) -> Path:
        """A path in which `~` stands for the caller's home."""
        from pathlib import Path  # noqa: PLC0415  # only for `doctor`

        if name.startswith("~/"):
            return Path(self._environ.get("HOME", "/")) / name[2:]

        return Path(name)

    def sandbox_fault(self) -> str:
        """Why no sandbox for agents can be made on this machine; empty when one can."""
        from gitorch.world.sandbox import fault  # noqa: PLC0415  few runtimes ask for a sandbox

        return fault(self._environ)

    def tmux_is_at_least(self, version: str) -> bool:
        """Whether tmux answers and is of this version or later.

        libtmux knows how to compare `3.3a`, `next-3.6`, `master` and OpenBSD's versions (ADR 7).
        """
        # libtmux sets no time limit, so tmux has to answer a call of ours first.
        if not self.first_line(("tmux", "-V")):
            return False

        # Measured: importing it costs 59 ms, which only the doctor pays.
        from libtmux.common import has_gte_version  # noqa: PLC0415 - see above
        from libtmux.exc import LibTmuxException  # noqa: PLC0415 - see above

        try:
            return has_gte_version(version, tmux_bin=self.find("tmux"))
        except (LibTmuxException, LookupError, ValueError, TypeError):
            return False

    def run_shell_lately(self, command: str, folder: Path, wait_seconds: float) -> tuple[int, str]:
        """The same, from an answer that is at most `LATELY_SECONDS` old."""
        at, answer = self._lately.get(command, (None, (0, "")))
        now = time.monotonic()
        if at is None or now - at > LATELY_SECONDS:
            answer = self.run_shell(command, folder, wait_seconds)
            self._lately[command] = (now, answer)
        return answer

    def run_shell(self, command: str, folder: Path, wait_seconds: float) -> tuple[int, str]:
        """Exit status and output, standard error included, of a shell command. Raises Unavailable when it takes too long."""
        env = without(self._environ, ("GITORCH_", "GIT_", "TMUX"))
        # A script of the project, which may start what outlives it: it is marked before its first instruction.
        argv = [sys.executable, "-I", "-S", reaper.__file__, "--exec", "sh", "-c", f"exec 2>&1\n{command}"]
        result = run(argv, env, cwd=folder, wait_seconds=wait_seconds)
        return result.status, result.out
