"""Runs a program's server beside the program: `python -I -S companion.py SOCKET WORDS SERVER… -- CLIENT… -- PROGRAM…`.

SOCKET is the path on which the server listens, and WORDS the number of words with which PROGRAM begins that CLIENT takes the place of:
with a server, `CLIENT…` and the words of PROGRAM after the first WORDS are run; where the server does not come up, PROGRAM as it is.

This process becomes the program, so that its process id, signals and exit status are the program's own. A child of it, the *keeper*,
starts the server in a group of its own, starts it again when it ends, and ends it with the program, also where the program was killed.
It stands alone, with the standard library only, so that it starts in 15 ms.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

COME_UP_SECONDS = 20.0
"""How long a server may take until its socket is there; Codex 0.171.0 takes 0.5 s, and far longer on a loaded machine."""

POLL_SECONDS = 0.1
STARTS_MAX = 5
"""How often a server is started again that has ended within `SETTLED_SECONDS`."""

SETTLED_SECONDS = 10.0
END_SECONDS = 3.0
"""How long a server may take to end after SIGTERM."""

LOG = "server.log"
"""Beside the socket: what the server printed since its last start."""


def split(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    """The words of the server, of the client, and of the program."""
    first = words.index("--")
    second = words.index("--", first + 1)
    return words[:first], words[first + 1 : second], words[second + 1 :]


def start(server: list[str], socket: Path) -> int:
    """Start the server in a process group of its own, without the terminal; its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        log = os.open(socket.parent / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.execvp(server[0], server)  # noqa: S606  no shell is wanted
    except OSError:
        os._exit(127)


def has_ended(pid: int) -> bool:
    """Whether this child has ended; it is awaited then."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def end(pid: int) -> None:
    """End the server and what it started: ask first, then kill."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):
            os.killpg(pid, number)
        limit = time.monotonic() + END_SECONDS
        while time.monotonic() < limit and not has_ended(pid):
            time.sleep(POLL_SECONDS)


def clear(socket: Path) -> None:
    """Remove a socket that nobody listens on, with the file that it may be a link to, and the lock file beside that."""
    target = Path(os.path.realpath(socket))
    for path in (socket, target, target.with_name(f"{target.name}.lock")):
        with contextlib.suppress(OSError):
            path.unlink()


def keep(server: list[str], socket: Path, program: int) -> None:
    """Keep the server running until the program, which is the parent of this process, has ended."""
    starts = 0
    while starts < STARTS_MAX and os.getppid() == program:
        clear(socket)
        began = time.monotonic()
        pid = start(server, socket)
        while os.getppid() == program and not has_ended(pid):
            time.sleep(POLL_SECONDS)
        end(pid)
        starts += 1
        if time.monotonic() - began > SETTLED_SECONDS:
            starts = 0
    clear(socket)


def begin_keeper(server: list[str], socket: Path) -> int:
    """Start the keeper, which no signal of the terminal reaches; its process id."""
    program = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    keep(server, socket, program)
    os._exit(0)


def comes_up(socket: Path, keeper: int) -> bool:
    """Whether the server's socket appears while its keeper lives."""
    limit = time.monotonic() + COME_UP_SECONDS
    while time.monotonic() < limit:
        if socket.exists():
            return True
        if has_ended(keeper):
            return False
        time.sleep(POLL_SECONDS / 5)
    return False


def main(words: list[str]) -> None:
    """Become the program, with its server beside it where that comes up."""
    socket, replaced = Path(words[0]), int(words[1])
    server, client, program = split(words[2:])
    # Python ignores this signal, and programs inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    clear(socket)
    if comes_up(socket, begin_keeper(server, socket)):
        program = [*client, *program[replaced:]]
    os.execvp(program[0], program)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
