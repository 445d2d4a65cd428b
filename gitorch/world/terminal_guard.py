"""Guards the terminal while an application draws on it: whatever ends the application, the terminal is given back.

A killed process cannot clean up. So a small process of its own waits for that, in a session of its own, where no signal
of the terminal reaches it. It has no part in anything else.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from gitorch.world import terminal_restorer

if TYPE_CHECKING:
    from collections.abc import Iterator

SENTENCE = "gitorch up was killed. The agents go on. Continue: gitorch up"


class TerminalGuard:
    """Restores the terminal on standard output if this process dies while it is armed."""

    def __init__(self, sentence: str = SENTENCE) -> None:
        self._sentence = sentence
        self._pipe = -1
        self._process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def watching(self) -> Iterator[TerminalGuard]:
        """Guard the terminal while the block runs; where it has no modes to restore, do nothing."""
        try:
            modes = _modes(1)
        except termios.error:
            yield self
            return

        read, self._pipe = os.pipe()
        words = (sys.executable, "-I", "-S", terminal_restorer.__file__, modes, self._sentence)
        self._process = subprocess.Popen(
            words, stdin=read, stderr=subprocess.DEVNULL, cwd="/", env={}, start_new_session=True
        )
        os.close(read)
        self.arm()
        try:
            yield self
        finally:
            self.disarm()
            os.close(self._pipe)
            self._process.wait()

    def arm(self) -> None:
        """From now on this process has the terminal."""
        self._tell(b"+")

    def disarm(self) -> None:
        """From now on something else has the terminal, which restores it itself."""
        self._tell(b"-")

    def _tell(self, byte: bytes) -> None:
        """Tell the guard; one that has died is no reason to stop."""
        with contextlib.suppress(OSError):
            os.write(self._pipe, byte)


def _modes(terminal: int) -> str:
    """The modes of a terminal and its control characters, as JSON. Raises termios.error for anything else."""
    *flags, characters = termios.tcgetattr(terminal)
    numbers: list[int] = []
    for one in characters:
        numbers.append(one[0] if isinstance(one, bytes) else one)

    return json.dumps([flags, numbers])
