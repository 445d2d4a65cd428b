"""The pipes of a git process that answers one request after another, and may end before it has read them all."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    import subprocess


def requests_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """The standard input of a process that was started with a pipe for it."""
    return cast("IO[bytes]", process.stdin)  # None only without a pipe


def answers_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """The standard output of a process that was started with a pipe for it."""
    return cast("IO[bytes]", process.stdout)  # None only without a pipe


def send(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Write requests. A process that has ended takes none; whoever reads its answers finds their end, and says why."""
    requests = requests_of(process)
    with suppress(BrokenPipeError):
        requests.write(data)
        requests.flush()


def end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes, and end and reap the process, in whatever state it is."""
    process.terminate()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()
