"""Short calls of a program without `subprocess`, which would cost a verb that only asks tmux 0.07 × the import of click.

`posix_spawn` starts it as `programs` does: with the given environment alone, in a session of its own, without any descriptor
of ours but its three pipes, and with a time limit after which its whole process group is ended.
"""

from __future__ import annotations

import os
import select
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gitorch.errors import Unavailable
from gitorch.world import reaper
from gitorch.world.program_result import ProgramResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LINUX = sys.platform.startswith("linux")
"""Elsewhere `subprocess` starts it: the descriptors to close are read from `/proc`."""

DESCRIPTORS = "/proc/self/fd"
STREAMS = 3
READ_BYTES = 65_536
ENDING_SECONDS = 2.0
"""How long a program that is ended has to tidy up."""

PAUSE_SECONDS, PAUSE_SECONDS_MAX = 0.0005, 0.05
"""Between two looks whether a program that has closed its output has ended: short at first, since most have."""

_signals: Any = import_module("_signal")
"""The constants of `signal`, which costs 1 ms more, for its enumerations."""

IGNORED = (_signals.SIGPIPE, _signals.SIGXFSZ)
"""Signals that Python ignores, and that a program expects to be ended by."""


def run(
    argv: Sequence[str], env: Mapping[str, str], *, given: bytes = b"", wait_seconds: float = 30.0
) -> ProgramResult:
    """Run a program to its end and return its result, whatever its exit status; `given` is its standard input.

    Raises Unavailable when there is no such program, and when it exceeds `wait_seconds`; its whole process group is ended then.
    """
    pipes = _Pipes()
    try:
        pid = _spawned(argv, env, pipes)
        if pid is None:
            return _run_elsewhere(argv, env, given, wait_seconds)

        return _finished(pid, pipes, given, wait_seconds)
    except TimeoutError as error:
        message = f"{argv[0]} gave no answer within {wait_seconds:g} seconds"
        raise Unavailable(message, hint="gitorch doctor") from error
    finally:
        pipes.close(*pipes.open)


class _Pipes:
    """The pipes of a program's three streams. No other program inherits them."""

    def __init__(self) -> None:
        given, out, err = os.pipe(), os.pipe(), os.pipe()
        self.theirs = (given[0], out[1], err[1])
        self.given, self.out, self.err = given[1], out[0], err[0]
        self.open = {*given, *out, *err}

    def close(self, *descriptors: int) -> None:
        """Close these, which are open."""
        for descriptor in descriptors:
            self.open.discard(descriptor)
            os.close(descriptor)


def _run_elsewhere(argv: Sequence[str], env: Mapping[str, str], given: bytes, wait_seconds: float) -> ProgramResult:
    """What `subprocess` does better: other systems, closed standard streams, and words for a program that cannot be run."""
    from gitorch.world import programs  # noqa: PLC0415  4 ms that a look at tmux does not pay

    return programs.run(argv, env, given=given, wait_seconds=wait_seconds)


def _spawned(argv: Sequence[str], env: Mapping[str, str], pipes: _Pipes) -> int | None:
    """The id of the started program; None where it cannot be started from here."""
    path = _path_of(argv[0], env)
    if not path or min(pipes.open) < STREAMS:
        return None

    actions: list[tuple[int, ...]] = []
    for stream, descriptor in enumerate(pipes.theirs):
        actions.append((os.POSIX_SPAWN_DUP2, descriptor, stream))
    for descriptor in _inherited():
        actions.append((os.POSIX_SPAWN_CLOSE, descriptor))

    marked = {reaper.STARTED_VARIABLE: os.path.basename(argv[0]), **env}  # noqa: PTH119  for each call of tmux
    try:
        pid = os.posix_spawn(path, list(argv), marked, file_actions=actions, setsid=True, setsigdef=IGNORED)
    except OSError:
        return None

    reaper.mark_process(pid)
    pipes.close(*pipes.theirs)
    return pid


def _path_of(program: str, env: Mapping[str, str]) -> str:
    """The program that this name means by the PATH that it will have; empty where there is none, and where `/proc` is missing."""
    if not LINUX:
        return ""

    for folder in os.get_exec_path(env):
        path = os.path.join(folder, program)  # noqa: PTH118  an empty folder is the working directory
        if os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113  for each call of tmux
            return path

    return ""


def _inherited() -> list[int]:
    """The descriptors of this process that a program would inherit beside its streams, such as a shell's `3>file`."""
    found: list[int] = []
    for name in os.listdir(DESCRIPTORS):  # noqa: PTH208  for each call of tmux
        descriptor = int(name)
        with suppress(OSError):  # that of the listing itself is closed by now
            if descriptor >= STREAMS and os.get_inheritable(descriptor):
                found.append(descriptor)

    return found


def _finished(pid: int, pipes: _Pipes, given: bytes, wait_seconds: float) -> ProgramResult:
    """The result of a program, once it has ended. Raises TimeoutError; whatever is raised, its process group is ended."""
    deadline = time.monotonic() + wait_seconds
    try:
        found = _exchanged(pipes, given, deadline)
        return ProgramResult(_status(pid, deadline), found[pipes.out], found[pipes.err])
    except BaseException:
        _end(pid)
        raise


def _exchanged(pipes: _Pipes, given: bytes, deadline: float) -> Mapping[int, bytes]:
    """Give a program its input, and read what it writes until it has closed both streams: the bytes by our descriptor."""
    found = {pipes.out: b"", pipes.err: b""}
    waiting = select.poll()
    waiting.register(pipes.out, select.POLLIN)
    waiting.register(pipes.err, select.POLLIN)
    waiting.register(pipes.given, select.POLLOUT)
    os.set_blocking(pipes.given, False)
    while pipes.open:
        for descriptor, _ in waiting.poll(_milliseconds_until(deadline)):
            if descriptor == pipes.given:
                given = _rest(descriptor, given)
                is_done = not given
            else:
                data = os.read(descriptor, READ_BYTES)
                found[descriptor] += data
                is_done = not data
            if is_done:
                waiting.unregister(descriptor)
                pipes.close(descriptor)

    return found


def _rest(descriptor: int, given: bytes) -> bytes:
    """What is left to write of this input after one write; nothing once nobody reads it any more."""
    try:
        return given[os.write(descriptor, given[:READ_BYTES]) :]
    except BlockingIOError:
        return given
    except BrokenPipeError:
        return b""


def _milliseconds_until(deadline: float) -> float:
    """The time that is left, in milliseconds. Raises TimeoutError when there is none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError

    return left * 1000


def _status(pid: int, deadline: float) -> int:
    """The exit status of a child, once it has ended; negative for a signal. Raises TimeoutError."""
    pause = PAUSE_SECONDS
    while True:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # whoever started this process has it ignore SIGCHLD
            return 0
        if ended:
            return os.waitstatus_to_exitcode(status)

        _milliseconds_until(deadline)
        time.sleep(pause)
        pause = min(2 * pause, PAUSE_SECONDS_MAX)


def _end(pid: int) -> None:
    """Ask the whole process group to end, then kill it."""
    for number in (_signals.SIGTERM, _signals.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(pid, number)
        with suppress(TimeoutError):
            _status(pid, time.monotonic() + ENDING_SECONDS)
