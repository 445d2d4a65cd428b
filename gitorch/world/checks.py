"""Runs of the project's test command, each at one commit, outliving whoever began them. Implements `ports.world.Checks`.

A run holds the lock of its folder as long as it lives: the lock is taken before the runner starts and inherited by it, so
there is no moment in which a run is neither absent nor running, and a run that was killed holds nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gitorch
from gitorch.errors import Failed
from gitorch.model.observed import CheckObservation, CheckPhase
from gitorch.model.review import Check
from gitorch.world import processes
from gitorch.world.check_runner import TAIL_LINES, VARIABLE
from gitorch.world.files import lock, read_json, write_json
from gitorch.world.programs import without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import CommitId
    from gitorch.ports.world import Clock, Worktrees
    from gitorch.world.processes import Process


class ProjectChecks:
    """Checks of one repository, their results below `<home>/checks`, their checkouts wherever `start` is told."""

    def __init__(self, home: Path, worktrees: Worktrees, environ: Mapping[str, str], clock: Clock) -> None:
        self._folder = home / "checks"
        self._worktrees = worktrees
        self._environ = without(environ, ("GITORCH_", "GIT_", "TMUX"))
        self._clock = clock
        self._runners: list[subprocess.Popen[bytes]] = []

    def look(self, commit: CommitId, command: str) -> CheckObservation:
        """Where the run of this command at this commit stands; one whose process died without a result is absent again."""
        self._runners = [runner for runner in self._runners if runner.poll() is None]
        run = self._run(commit, command)
        if not run.is_dir():
            return CheckObservation(CheckPhase.ABSENT)
        descriptor = lock(run / "lock")
        if descriptor is None:
            return CheckObservation(CheckPhase.RUNNING, log_path=str(run / "log"))
        os.close(descriptor)
        result = read_json(run / "result.json")
        if result is None:
            return CheckObservation(CheckPhase.ABSENT)
        return CheckObservation(CheckPhase.FINISHED, _check(commit, command, result, run / "log"), str(run / "log"))

    def log(self, commit: CommitId, command: str) -> bytes:
        """The kept output of a finished run; empty where there is none."""
        run = self._run(commit, command)
        return (run / "log").read_bytes() if (run / "result.json").exists() else b""

    def _run(self, commit: CommitId, command: str) -> Path:
        return self._folder / f"{commit}-{hashlib.sha256(command.encode()).hexdigest()[:16]}"

    def start(self, commit: CommitId, command: str, wait_seconds: int, worktree: Path) -> None:
        """Begin a run on a clean checkout unless one is there, running or finished. Raises what `Worktrees.ensure` raises."""
        run = self._run(commit, command)
        descriptor = lock(run / "lock")
        if descriptor is None:
            return
        try:
            if (run / "result.json").exists():
                return
            self._end_leftovers(run)
            # Before the checkout is made, so that `clear` knows of it wherever we are killed.
            write_json(run / "spec.json", {"command": command, "cwd": str(worktree), "wait_seconds": wait_seconds})
            self._worktrees.remove(worktree, force=True)
            self._worktrees.ensure(worktree, commit, None)
            self._launch(run, descriptor)
        finally:
            os.close(descriptor)

    def _launch(self, run: Path, descriptor: int) -> None:
        env = {**self._environ, VARIABLE: str(run), "PYTHONPATH": str(Path(gitorch.__file__).parent.parent)}
        with (run / "runner.log").open("wb") as errors:
            runner = subprocess.Popen(
                [sys.executable, "-m", "gitorch.world.check_runner", str(run), self._environ.get("PYTHONPATH", "")],
                env=env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
                pass_fds=(descriptor,),
            )
        one = processes.process(runner.pid)
        write_json(run / "runner.json", {"pid": runner.pid, "started": one.started if one is not None else ""})
        self._runners.append(runner)

    def clear(self, under: Path) -> None:
        """End what runs in checkouts below a folder, and forget those checkouts and their results; others go on.

        Raises Failed when something of a run cannot be ended.
        """
        for run in sorted(self._folder.glob("*/")):
            spec = read_json(run / "spec.json")
            if spec is not None and Path(str(spec["cwd"])).is_relative_to(under):
                self._end_leftovers(run)
                self._worktrees.remove(Path(str(spec["cwd"])), force=True)
                shutil.rmtree(run)

    def _end_leftovers(self, run: Path) -> None:
        runner = read_json(run / "runner.json") or {"pid": 0, "started": ""}

        def find(everything: Mapping[int, Process]) -> set[int]:
            one = everything.get(runner["pid"])
            ours = {one.pid} if one is not None and one.started == runner["started"] else set()
            return ours | processes.marked(VARIABLE, str(run))

        if not processes.end(find, self._clock):
            raise Failed(f"Processes of the test run in {run} could not be ended", hint="ps -ef")


def _check(commit: CommitId, command: str, result: Mapping[str, Any], log: Path) -> Check:
    try:
        text = log.read_bytes()[-16_384:].decode("utf-8", "replace")
    except OSError:
        text = ""
    return Check(
        commit=commit,
        command=command,
        outcome=str(result["outcome"]),
        exit_status=result["exit_status"],
        seconds=float(result["seconds"]),
        tail="\n".join(text.splitlines()[-TAIL_LINES:]),
    )
