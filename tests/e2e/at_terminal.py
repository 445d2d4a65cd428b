"""Types at a verb as a person does: on a terminal of its own, which controls the process."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from typing import TYPE_CHECKING, Self

from waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

ANSWER_SECONDS = 60.0


class AtTerminal:
    """One program on a terminal. What it says is kept; `types` answers once it has said something."""

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        self._program = subprocess.Popen(
            ("setsid", "--ctty", "--wait", *words),
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self.said = ""
        self._read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._program.poll() is None:
            self._program.kill()
            self._program.wait()
        os.close(self._ours)

    def types(self, question: str, answer: str) -> None:
        """Wait until the program asks this, beyond what was answered before, and type a line."""

        def asked_or_over() -> bool:
            return self._asked(question) or self._program.poll() is not None

        try:
            until(asked_or_over, ANSWER_SECONDS)
        except AssertionError as late:
            raise AssertionError(f"{question!r} was not asked: {self.said}") from late
        assert self._program.poll() is None, f"ended before it asked {question!r}: {self.said}"
        os.write(self._ours, f"{answer}\n".encode())

    def _asked(self, question: str) -> bool:
        self._take()
        found = self.said.find(question, self._read)
        if found < 0:
            return False
        self._read = found + len(question)
        return True

    def _take(self) -> None:
        """Read what the program has said by now."""
        while select.select([self._ours], [], [], 0.02)[0]:
            try:
                data = os.read(self._ours, 65_536)
            except OSError:
                return
            if not data:
                return
            self.said += data.decode("utf-8", "replace").replace("\r\n", "\n")

    def status(self) -> int:
        """The exit status, once the program has ended."""

        def ended() -> bool:
            self._take()
            return self._program.poll() is not None

        until(ended, ANSWER_SECONDS, what=f"the end after {self.said!r}")
        self._take()
        return int(self._program.returncode)
