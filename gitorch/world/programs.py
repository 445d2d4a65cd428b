"""Running another program with a time limit and an explicit environment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.world import reaper
from gitorch.world.activity import LOOK_SECONDS
from gitorch.world.open_files import open_locks
from gitorch.world.program_result import ProgramResult

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from gitorch.world.activity import Watch

ENDING_SECONDS = 2.0
"""How long a program that is ended has to tidy up: git removes its lock files when it is asked to end."""


def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: Path | None = None,
    given: bytes = b"",
    wait_seconds: float = 30.0,
    keep: Collection[int] = (),
) -> ProgramResult:
    """Run a program to its end and return its result, whatever its exit status.

    `given` is its standard input, `keep` are file descriptors that it inherits. Raises Unavailable when there is no such
    program, and when it exceeds `wait_seconds`; its whole process group is ended then.
    """
    process = start(argv, env, cwd=cwd, keep=keep)
    with ending(process):
        try:
            out, err = process.communicate(given, timeout=wait_seconds)
        except subprocess.TimeoutExpired as error:
            message = f"{argv[0]} gave no answer within {wait_seconds:g} seconds"
            raise Unavailable(message, hint="gitorch doctor") from error
    return ProgramResult(process.returncode, out, err)


def run_patiently(
    process: subprocess.Popen[bytes],
    given: bytes,
    idle_seconds: float,
    watch: Watch,
) -> ProgramResult:
    """Give a started program its input and wait for its end as long as it gets on.

    Raises TimeoutError, with the reason, when nothing in its process tree has moved for `idle_seconds`, and when it never
    will; the program still runs then.
    """
    rest: bytes | None = given
    while True:
        try:
            out, err = process.communicate(rest, timeout=min(LOOK_SECONDS, idle_seconds))
        except subprocess.TimeoutExpired:
            rest = None  # it was handed over with the first call
            reason = watch.stuck(idle_seconds)
            if reason:
                raise TimeoutError(reason) from None
        else:
            return ProgramResult(process.returncode, out, err)


def start(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: Path | None = None,
    keep: Collection[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program with pipes, in a session of its own. Raises Unavailable when there is no such program."""
    try:
        process = subprocess.Popen(
            list(argv),
            env={reaper.STARTED_VARIABLE: os.path.basename(argv[0]), **env},  # noqa: PTH119  for each call of git and tmux
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=tuple(keep),
        )
    except OSError as error:
        missing = error.filename or argv[0]  # the program, or its working directory
        raise Unavailable(f"{argv[0]} cannot be run: {error.strerror} ({missing})", hint="gitorch doctor") from error
    reaper.mark_process(process.pid)
    return process


@contextlib.contextmanager
def ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the program and all of its process group when the block raises anything, also by Ctrl-C."""
    try:
        yield
    except BaseException:
        end(process)
        raise


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the whole process group to end, then kill it, and remove the lock files that the killed ones had open."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=ENDING_SECONDS)
    locks: Mapping[str, int] = {}
    if process.returncode is None:
        locks = open_locks([process.pid])
    _signal(process, signal.SIGKILL)
    process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.wait()
    for path, inode in locks.items():
        _remove_lock(path, inode)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a program's whole group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _remove_lock(path: str, inode: int) -> None:
    """Remove a lock file, unless it is another one by now."""
    with contextlib.suppress(OSError):
        if os.stat(path).st_ino == inode:  # noqa: PTH116  a path from the kernel, as text
            os.unlink(path)  # noqa: PTH108  the same


def without(environ: Mapping[str, str], prefixes: tuple[str, ...]) -> dict[str, str]:
    """An environment without the variables whose names begin with one of these prefixes."""
    return {name: value for name, value in environ.items() if not name.startswith(prefixes)}
