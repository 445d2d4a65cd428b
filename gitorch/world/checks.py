"""Runs of the project's test command, each at one commit. Implements `ports.world.Checks`.

A result counts only when a runner that this process started delivered it through their socket. No file is read for it,
since everything that runs as this user could have written one. So a run ends with the process that started it, and the
next one starts it again.

A run holds the lock of its folder as long as it lives: the lock is taken before the runner starts and inherited by it, so
two processes never run the same check at once.
"""

from __future__ import annotations

import contextlib
import hashlib
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
from gitorch.errors import Busy, Failed, Unavailable
from gitorch.model.observed import CheckObservation, CheckPhase
from gitorch.model.values import Value
from gitorch.model.work.review import Check
from gitorch.world import processes
from gitorch.world.check_runner import TAIL_LINES, VARIABLE, Outcome, Spec, parse_message
from gitorch.world.files import lock, read_json, write_json
from gitorch.world.programs import without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import CommitId
    from gitorch.ports.git import Worktrees
    from gitorch.ports.world import Clock
    from gitorch.world.process import Process

RECEIVE_BYTES = 1 << 20
REST_SECONDS = 0.5
"""How long to wait for the next part of a result; a runner sends its result in one go."""

TAIL_BYTES = 16_384

RUNNER_MODULE = "gitorch.world.check_runner"
COMMIT_CHARACTERS = 12
"""How much of a commit's id the name of its checkout ends with."""


class _Runner:
    """A runner that this process started, and what it has delivered so far."""

    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket, worktree: Path) -> None:
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


class _Result(Value):
    """A delivered result. The log is kept compressed, since a long run has hundreds."""

    outcome: Outcome
    log: bytes
    worktree: Path


class ProjectChecks:
    """Checks of one repository. Their folders lie below `<home>/checks`, their checkouts where `start` is told to."""

    def __init__(self, home: Path, worktrees: Worktrees, environ: Mapping[str, str], clock: Clock) -> None:
        self._folder = home / "checks"
        self._worktrees = worktrees
        self._environ = without(environ, ("GITORCH_", "GIT_", "TMUX"))
        self._clock = clock
        self._runners: dict[Path, _Runner] = {}
        self._results: dict[Path, _Result] = {}
        self._ended: list[subprocess.Popen[bytes]] = []

    def observe(self, commit: CommitId, command: str) -> CheckObservation:
        """The state of this command's run at this commit.

        A run of another process is running as long as it lives, and absent afterwards: its result is not ours to believe.
        """
        run = self._run(commit, command)
        log_path = str(run / "log")
        self._receive(run)
        if run in self._results:
            check = _check(commit, command, self._results[run])
            return CheckObservation(CheckPhase.FINISHED, check, log_path)

        if run in self._runners:
            return CheckObservation(CheckPhase.RUNNING, log_path=log_path)

        if not run.is_dir():
            return CheckObservation(CheckPhase.ABSENT)

        return _observe_lock(run, log_path)

    def _receive(self, run: Path) -> None:
        """Take what the runner of this run has delivered; forget a runner that ended without a result."""
        self._ended = [process for process in self._ended if process.poll() is None]
        runner = self._runners.get(run)
        if runner is None:
            return

        result = runner.receive()
        if result is None and not runner.has_closed:
            return

        del self._runners[run]
        runner.close()
        self._ended.append(runner.process)
        if result is None:
            return

        self._keep_result(run, result, runner)

    def _keep_result(self, run: Path, result: tuple[Outcome, bytes], runner: _Runner) -> None:
        """Keep a delivered result, and remove the worktree that it came from."""
        outcome, output = result
        self._results[run] = _Result(outcome, zlib.compress(output, 1), runner.worktree)
        # One that cannot be removed now goes with `clear`.
        with contextlib.suppress(Busy, Failed, Unavailable):
            self._worktrees.remove(runner.worktree, force=True)

    def log(self, commit: CommitId, command: str) -> bytes:
        """The output that the runner delivered with its result; empty when there is none."""
        result = self._results.get(self._run(commit, command))
        if result is None:
            return b""

        return zlib.decompress(result.log)

    def _run(self, commit: CommitId, command: str) -> Path:
        return self._folder / f"{commit}-{hashlib.sha256(command.encode()).hexdigest()[:16]}"

    def start(self, commit: CommitId, command: str, wait_seconds: int, worktree: Path) -> None:
        """Begin a run on a clean checkout unless one is running or finished. Raises what `Worktrees.ensure` raises."""
        run = self._run(commit, command)
        if run in self._results or run in self._runners:
            return

        descriptor = lock(run / "lock")
        if descriptor is None:
            return

        try:
            self._end_leftovers(run)
            spec = Spec(command, str(worktree), wait_seconds, str(run))
            # Before the checkout is made, so that `clear` knows of it wherever we are killed.
            write_json(run / "spec.json", {"cwd": spec.cwd})
            self._worktrees.remove(worktree, force=True)
            self._worktrees.ensure(worktree, commit, None)
            self._runners[run] = self._launch(run, spec, descriptor)
        finally:
            os.close(descriptor)

    def _launch(self, run: Path, spec: Spec, descriptor: int) -> _Runner:
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

        self._record_runner(run, process)
        if process.stdin is not None:
            values = {name: getattr(spec, name) for name in ("command", "cwd", "wait_seconds", "folder")}
            with contextlib.suppress(BrokenPipeError), process.stdin:
                process.stdin.write(json.dumps(values).encode())

        return _Runner(process, ours, Path(spec.cwd))

    @staticmethod
    def _record_runner(run: Path, process: subprocess.Popen[bytes]) -> None:
        """Note which process runs it, so that a later gitorch can end what a killed one left."""
        started = ""
        entry = processes.process(process.pid)
        if entry is not None:
            started = entry.started

        write_json(run / "runner.json", {"pid": process.pid, "started": started})

    def clear(self, under: Path) -> None:
        """End the runs in checkouts below a folder, and forget them with their checkouts and results; others go on.

        Raises Failed when a process of a run cannot be ended.
        """
        for run in sorted(self._folder.glob("*/")):
            worktree = _worktree_of(run, under)
            if worktree is None:
                continue

            self._forget(run, worktree)

    def _forget(self, run: Path, worktree: Path) -> None:
        """End a run and remove its checkout, its result and its folder."""
        self._results.pop(run, None)
        runner = self._runners.pop(run, None)
        if runner is not None:
            runner.close()
            self._ended.append(runner.process)

        self._end_leftovers(run)
        self._worktrees.remove(worktree, force=True)
        shutil.rmtree(run, ignore_errors=True)

    def _end_leftovers(self, run: Path) -> None:
        """End the processes of an earlier run in this folder. Raises Failed when one of them stays."""
        pid, started = _recorded_runner(run)

        def find(everything: Mapping[int, Process]) -> set[int]:
            found = processes.marked(VARIABLE, str(run))
            entry = everything.get(pid)
            if entry is not None and entry.started == started and RUNNER_MODULE in processes.command(pid):
                found.add(pid)

            return found

        if not processes.end(find, self._clock):
            raise Failed(f"Processes of the test run in {run} could not be ended", hint="ps -ef")


def _observe_lock(run: Path, log_path: str) -> CheckObservation:
    """The state of a run that this process did not start: running while another one holds its lock."""
    descriptor = lock(run / "lock")
    if descriptor is None:
        return CheckObservation(CheckPhase.RUNNING, log_path=log_path)

    os.close(descriptor)
    return CheckObservation(CheckPhase.ABSENT)


def _worktree_of(run: Path, under: Path) -> Path | None:
    """The checkout of a run, where it lies below `under`; None for another run's, and for a path that no run uses.

    Any program of this user can write the file that names it, so that only a path of a run's own form is believed.
    """
    if run.is_symlink():
        return None

    named = (read_json(run / "spec.json") or {}).get("cwd")
    if not isinstance(named, str):
        return None

    worktree = Path(named)
    is_of_its_form = worktree.parent == under and worktree.name.endswith(f"-{run.name[:COMMIT_CHARACTERS]}")
    if not is_of_its_form:
        return None

    return worktree


def _recorded_runner(run: Path) -> tuple[int, str]:
    """The process that ran it, by its id and its start; 0 where the file that names it makes no sense."""
    values = read_json(run / "runner.json") or {}
    pid, started = values.get("pid"), values.get("started")
    if type(pid) is not int or type(started) is not str:
        return 0, ""

    return pid, started


def _check(commit: CommitId, command: str, result: _Result) -> Check:
    """The result with the last lines of its output."""
    text = zlib.decompress(result.log)[-TAIL_BYTES:].decode("utf-8", "replace")
    return Check(
        commit=commit,
        command=command,
        outcome=result.outcome.outcome,
        exit_status=result.outcome.exit_status,
        seconds=result.outcome.seconds,
        tail="\n".join(text.splitlines()[-TAIL_LINES:]),
    )
