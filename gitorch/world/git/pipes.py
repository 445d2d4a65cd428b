"""The pipes of a git process that answers one request after another, and may end before it has read them all."""

from __future__ import annotations

import fcntl
import threading
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, cast

from gitorch.errors import Corrupt
from gitorch.ports.commits import OBJECT_BYTES_MAX
from gitorch.world.activity import LOOK_SECONDS, Watch

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

IDLE_SECONDS = 300.0
"""How long a git that is read from may do nothing, as where a named pipe stands in the place of an object, before it is ended."""

BUFFER_BYTES, PIPE_BYTES = 1 << 17, 1 << 18
"""Of a process that answers as fast as it is read: with Python's 8 KiB and the system's 64 the two switch more often."""


def requests_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """The standard input of a process that was started with a pipe for it."""
    return cast("IO[bytes]", process.stdin)  # None only without a pipe


def answers_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    """The standard output of a process that was started with a pipe for it."""
    return cast("IO[bytes]", process.stdout)  # None only without a pipe


def widen(process: subprocess.Popen[bytes]) -> None:
    """Let more answers wait in the pipe, where the system can do so and the user's share of its memory is not used up."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is None:
        return

    with suppress(OSError):
        fcntl.fcntl(answers_of(process), size, PIPE_BYTES)


def send(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Write requests. A process that has ended takes none; whoever reads its answers finds their end, and says why."""
    requests = requests_of(process)
    with suppress(BrokenPipeError):
        requests.write(data)
        requests.flush()


def body_after(answers: IO[bytes], size: int, name: str) -> bytes:
    """The content of an object after its header among the answers of `git cat-file`.

    Raises Corrupt where git stops before its end, and where it claims more than an object of a ledger can have.
    """
    if size > OBJECT_BYTES_MAX:
        raise _unreadable(name, f"claims {size:,} bytes, more than any object of a ledger has")

    body = answers.read(size + 1)
    if len(body) != size + 1:
        raise _unreadable(name, "cannot be read to its end")
    return body[:-1]


def _unreadable(name: str, problem: str) -> Corrupt:
    """The error for an object that cannot be used."""
    return Corrupt(f"Object {name} of the ledger {problem}.", hint="gitorch recover", where=name)


@contextmanager
def patiently(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End the process when the block is left, and meanwhile once nothing in it has moved for `IDLE_SECONDS`."""
    left = threading.Event()
    watching = threading.Thread(target=_end_when_idle, args=(process, left), daemon=True)
    watching.start()
    try:
        yield process
    finally:
        left.set()
        end(process)


def _end_when_idle(process: subprocess.Popen[bytes], left: threading.Event) -> None:
    """Watch the process until the event; its reader finds the end of its answers where it is ended."""
    watch = Watch(process.pid, "git", lambda _: None)
    while not left.wait(min(LOOK_SECONDS, IDLE_SECONDS)):
        if watch.stuck(IDLE_SECONDS):
            process.kill()
            return


def end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes, and end and reap the process, in whatever state it is."""
    process.terminate()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()
