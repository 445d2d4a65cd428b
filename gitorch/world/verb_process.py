"""A verb of gitorch in a process of its own, started for whoever started this one: nothing marks it as gitorch's."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OUTPUT_BYTES_MAX = 1_000_000
"""Of an answer: nobody reads more, and no model could."""

ERROR_BYTES = 2_000
"""How much of the end of standard error is kept."""

CHUNK_BYTES = 65_536
ENDING_SECONDS = 2.0

PYTHON = (sys.executable, "-P", "-m")
"""Runs a module of gitorch; `-P` keeps a file in the working directory from being loaded in place of one of Python's."""


class VerbProcess:
    """One running process, whose standard output is read piece by piece through `descriptor`."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str], folder: str, given: bytes = b"") -> None:
        """Start it, with `given` as its standard input. Raises OSError where the system cannot."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        with tempfile.TemporaryFile() as source:
            source.write(given)
            source.seek(0)
            self._process = subprocess.Popen(
                argv,
                env=environ,
                cwd=folder,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,
            )

        self.out = bytearray()
        self.is_too_long = False

    @property
    def descriptor(self) -> int:
        """The file descriptor of its output, to wait on."""
        if self._process.stdout is None:
            return -1
        return self._process.stdout.fileno()

    def read(self) -> bool:
        """Take what it printed since; false when that was the end. One that prints too much is ended."""
        data = os.read(self.descriptor, CHUNK_BYTES)
        self.out += data
        if len(self.out) > OUTPUT_BYTES_MAX:
            self.is_too_long = True
            self.end()
            return False

        return bool(data)

    def finish(self) -> int:
        """Its exit status, once it has closed its output; afterwards nothing of it is left open."""
        if self._process.stdout is not None:
            self._process.stdout.close()

        try:
            return self._process.wait(timeout=ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self.end()
            return self._process.wait()

    def end(self) -> None:
        """Ask it to end with all that it started, then kill it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=ENDING_SECONDS)

    def error_text(self) -> str:
        """The end of what it wrote to standard error."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - ERROR_BYTES))
        return self._errors.read().decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Let go of what it wrote to standard error."""
        self._errors.close()


def output_of(argv: Sequence[str], environ: Mapping[str, str], folder: str) -> bytes:
    """What a short program printed; nothing where it cannot be started."""
    try:
        process = VerbProcess(argv, environ, folder)
    except OSError:
        return b""

    while process.read():
        pass

    process.finish()
    process.close()
    return bytes(process.out)
