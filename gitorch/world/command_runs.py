"""Processes that run commands for gitorch and deliver their results through a socket: those of tests and of set-ups.

A result counts only when a runner that this process started delivered it through their socket. No file is read for it,
since everything that runs as this user could have written one.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import gitorch
from gitorch.errors import Failed
from gitorch.model.values import Value, names_of
from gitorch.world import processes
from gitorch.world.check_runner import TAIL_LINES, VARIABLE, Outcome, Spec, parse_message
from gitorch.world.files import lock, read_json, write_json
from gitorch.world.programs import without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.ports.world import Clock
    from gitorch.world.process import Process

RECEIVE_BYTES = 1 << 20
REST_SECONDS = 0.5
"""How long to wait for the next part of a result; a runner sends its result in one go."""

TAIL_BYTES = 16_384

RUNNER_MODULE = "gitorch.world.check_runner"

REMOVED = ".removed"
"""The end of the name of a run's folder that is being removed."""


class Runner:
    """A runner that this process started, and what it has delivered so far."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        connection: socket.socket,
        worktree: Path,
    ) -> None:
        self.process, self.connection, self.worktree = process, connection, worktree
        self.received = bytearray()
        self.has_closed = False

    def receive(self) -> tuple[Outcome, bytes] | None:
        """The result once it has arrived whole. Waits only for the rest of one whose beginning has arrived."""
        while self._is_readable():
            try:
                data = self.connection.recv(RECEIVE_BYTES)
            except OSError:
                data = b""

            self.received += data
            self.has_closed = not data

        return parse_message(bytes(self.received))

    def _is_readable(self) -> bool:
        if self.has_closed:
            return False

        wait_seconds = 0.0
        if self.received:
            wait_seconds = REST_SECONDS

        readable, _, _ = select.select([self.connection], [], [], wait_seconds)
        return bool(readable)

    def close(self) -> None:
        """Close the connection, at which the runner ends what it still runs, and reap it if it has ended."""
        self.connection.close()
        self.process.poll()


class Result(Value):
    """A delivered result. The log is kept compressed, since a long run has hundreds."""

    outcome: Outcome
    log: bytes
    worktree: Path


class CommandRuns:
    """The runs that this process started, each in a folder of its own, and their results.

    A run holds the lock of its folder as long as it lives: the lock is taken before the runner starts and inherited by it,
    so two processes never run the same command at once.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._environ = without(environ, ("GITORCH_", "GIT_", "TMUX"))
        self._clock = clock
        self._runners: dict[Path, Runner] = {}
        self._results: dict[Path, Result] = {}
        self._ended: list[subprocess.Popen[bytes]] = []

    def receive(self, run: Path) -> Result | None:
        """The result of a run; None while it is missing. A runner that ended without a result is forgotten."""
        self._ended = [process for process in self._ended if process.poll() is None]
        runner = self._runners.get(run)
        if runner is None:
            return self._results.get(run)

        delivered = runner.receive()
        if delivered is None and not runner.has_closed:
            return None

        del self._runners[run]
        runner.close()
        self._ended.append(runner.process)
        if delivered is None:
            return None

        outcome, output = delivered
        self._results[run] = Result(outcome, zlib.compress(output, 1), runner.worktree)
        return self._results[run]

    def is_running(self, run: Path) -> bool:
        """Whether a runner of this process, or of another, runs the command."""
        if run in self._runners:
            return True
        if not run.is_dir():
            return False

        descriptor = lock(run / "lock")
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def is_known(self, run: Path) -> bool:
        """Whether this process started the run, or has its result."""
        return run in self._runners or run in self._results

    def result(self, run: Path) -> Result | None:
        """The result that was received; None without one."""
        return self._results.get(run)

    def runs_in(self, worktree: Path) -> tuple[Path, ...]:
        """The runs of this process that work in this worktree."""
        return tuple(run for run, runner in self._runners.items() if runner.worktree == worktree)

    def forget(self, run: Path) -> None:
        """End a run of this process, and forget its result."""
        self._results.pop(run, None)
        runner = self._runners.pop(run, None)
        if runner is not None:
            runner.close()
            self._ended.append(runner.process)

    def launch(
        self,
        run: Path,
        spec: Spec,
        descriptor: int,
    ) -> None:
        """Start a runner that holds the lock and one end of a socket."""
        ours, theirs = socket.socketpair()
        env = {**self._environ, VARIABLE: str(run), "PYTHONPATH": str(Path(gitorch.__file__).parent.parent)}
        arguments = (str(theirs.fileno()), self._environ.get("PYTHONPATH", ""))
        with theirs, (run / "runner.log").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", RUNNER_MODULE, *arguments],
                env=env,
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
                pass_fds=(descriptor, theirs.fileno()),
            )

        _record_runner(run, process)
        if process.stdin is not None:
            values = {name: getattr(spec, name) for name in names_of(Spec)}
            with contextlib.suppress(BrokenPipeError), process.stdin:
                process.stdin.write(json.dumps(values).encode())

        self._runners[run] = Runner(process, ours, Path(spec.cwd))

    def end_leftovers(self, run: Path) -> None:
        """End the processes of an earlier run in this folder. Raises Failed when one of them stays."""
        pid, started = _recorded_runner(run)

        def find(everything: Mapping[int, Process]) -> set[int]:
            found = processes.marked(VARIABLE, str(run))
            entry = everything.get(pid)
            if entry is not None and entry.started == started and _is_runner(pid):
                found.add(pid)

            return found

        if not processes.end(find, self._clock):
            raise Failed(f"Processes of the test run in {run} could not be ended", hint="ps -ef")


def remove_folder(run: Path) -> None:
    """Remove the folder of a run that has ended.

    It is renamed first. If this process is killed before all is removed, `finish_removals` finds the rest by its name.
    """
    with contextlib.suppress(OSError):
        run.rename(run.with_name(f"{run.name}{REMOVED}"))

    finish_removals(run.parent)


def finish_removals(folder: Path) -> None:
    """Remove what is left of folders whose removal was not finished, since the process was killed."""
    for left in folder.glob(f"*{REMOVED}"):
        shutil.rmtree(left, ignore_errors=True)


def _record_runner(run: Path, process: subprocess.Popen[bytes]) -> None:
    """Note which process runs it, so that a later gitorch can end what a killed one left."""
    started = ""
    entry = processes.process(process.pid)
    if entry is not None:
        started = entry.started

    write_json(run / "runner.json", {"pid": process.pid, "started": started})


def _is_runner(pid: int) -> bool:
    """Whether this process is a runner, or one whose program is still being loaded: until then the system shows no arguments."""
    command = processes.command(pid)
    return not command or RUNNER_MODULE in command


def _recorded_runner(run: Path) -> tuple[int, str]:
    """The process that ran it, by its id and its start; 0 where the file that names it makes no sense."""
    values = read_json(run / "runner.json") or {}
    pid, started = values.get("pid"), values.get("started")
    if type(pid) is not int or type(started) is not str:
        return 0, ""

    return pid, started


def tail_of(result: Result) -> str:
    """The last lines of the output of a run."""
    text = zlib.decompress(result.log)[-TAIL_BYTES:].decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-TAIL_LINES:])
