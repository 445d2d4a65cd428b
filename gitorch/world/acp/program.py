"""The program that speaks the Agent Client Protocol: a child of the host, on three pipes that never block the host."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from gitorch.text.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHUNK_BYTES = 65_536
END_SECONDS = 2.0
"""How long the program may take to end by itself once its input is closed."""


class Program:
    """A running program. Raises OSError where it cannot be started."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0
        )
        self.input = _descriptor(self._process.stdin)
        self.output = _descriptor(self._process.stdout)
        self.errors = _descriptor(self._process.stderr)
        self._unsent = bytearray()
        self._lines = Lines()
        for descriptor in (self.input, self.output, self.errors):
            os.set_blocking(descriptor, False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process that was started has ended. A child of its own may hold its pipes open all the same."""
        return self._process.poll() is not None

    @property
    def has_unsent(self) -> bool:
        """Whether a part of what was sent has not been written yet."""
        return bool(self._unsent)

    def send(self, line: bytes) -> None:
        """Send a message; what its pipe does not take now is written by `flush`."""
        self._unsent += line
        self.flush()

    def flush(self) -> None:
        """Write what the pipe takes. Nothing more is sent to a program that has closed its input."""
        try:
            written = os.write(self.input, self._unsent)
        except BlockingIOError:
            return
        except OSError:
            written = len(self._unsent)

        del self._unsent[:written]

    def messages(self) -> Iterator[bytes | None] | None:
        """The lines that have arrived; None once the program has closed its output."""
        data = _read(self.output)
        if data is None:
            return None

        return self._lines.feed(data)

    def error_text(self) -> str | None:
        """What has arrived on its standard error; None once it has closed it."""
        data = _read(self.errors)
        if data is None:
            return None

        return data.decode("utf-8", "replace")

    def end(self) -> int:
        """End it with its children: close its input, and send signals to what does not end by itself.

        Gives its exit status as a shell does: 128 and the number of a signal.
        """
        if self._process.stdin is not None:
            self._process.stdin.close()

        for number in (0, signal.SIGTERM, signal.SIGKILL):
            self._send(number)
            status = self._wait()
            if status is not None:
                self._send(signal.SIGTERM)
                return status

        return 128 + signal.SIGKILL

    def _send(self, number: int) -> None:
        """Send a signal to it and to its children, as far as they have not left its process group."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, number)

    def _wait(self) -> int | None:
        """Its exit status; None where it has not ended in time."""
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return None

        if status < 0:
            return 128 - status

        return status


def _descriptor(stream: object) -> int:
    number: int = stream.fileno()  # type: ignore[attr-defined]  # Popen made all three
    return number


def _read(descriptor: int) -> bytes | None:
    """What has arrived; None at the end of the stream."""
    try:
        data = os.read(descriptor, CHUNK_BYTES)
    except BlockingIOError:
        return b""
    except OSError:
        return None

    return data or None
