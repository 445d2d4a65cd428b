"""Runs of the project's test command, each at one commit. Implements `ports.world.Checks`.

A run ends with the process that started it, and the next one starts it again: see `world.command_runs`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Failed, Unavailable
from gitorch.model.observed import CheckObservation, CheckPhase
from gitorch.model.plans.preparation import Preparation
from gitorch.model.work.review import Check
from gitorch.world.check_runner import Spec
from gitorch.world.command_runs import CommandRuns, finish_removals, remove_folder, tail_of
from gitorch.world.files import lock, read_json, write_json
from gitorch.world.port_ranges import worktree_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.model.ids import CommitId
    from gitorch.ports.git import Worktrees
    from gitorch.ports.world import Clock
    from gitorch.world.command_runs import Result

COMMIT_CHARACTERS = 12
"""How much of a commit's id the name of its checkout ends with."""


def no_files(_: Sequence[str]) -> tuple[str, ...]:
    """For a repository without a checkout, whose root has no ignored files."""
    return ()


class ProjectChecks:
    """Checks of one repository. Their folders lie below `<home>/checks`, their checkouts where `start` is told to.

    `root` is where copies and links of a preparation come from, `ignored` gives its ignored files that match patterns.
    """

    def __init__(
        self,
        home: Path,
        worktrees: Worktrees,
        environ: Mapping[str, str],
        clock: Clock,
        root: Path | None = None,
        ignored: Callable[[Sequence[str]], tuple[str, ...]] = no_files,
    ) -> None:
        self._home, self._folder = home, home / "checks"
        self._worktrees = worktrees
        self._runs = CommandRuns(environ, clock)
        self._root, self._ignored = root or home.parent, ignored

    def observe(
        self,
        commit: CommitId,
        command: str,
    ) -> CheckObservation:
        """The state of this command's run at this commit.

        A run of another process is running as long as it lives, and absent afterwards: its result is not ours to believe.
        """
        run = self._run(commit, command)
        log_path = str(run / "log")
        was_known = self._runs.result(run) is not None
        result = self._runs.receive(run)
        if result is not None:
            if not was_known:
                self._remove_checkout(result)
            return CheckObservation(CheckPhase.FINISHED, _check(commit, command, result), log_path)

        if self._runs.is_running(run):
            return CheckObservation(CheckPhase.RUNNING, log_path=log_path)
        return CheckObservation(CheckPhase.ABSENT)

    def _remove_checkout(self, result: Result) -> None:
        """Remove the worktree that a result came from. One that cannot be removed now goes with `clear`."""
        with contextlib.suppress(Busy, Failed, Unavailable):
            self._worktrees.remove(result.worktree, force=True)

    def log(
        self,
        commit: CommitId,
        command: str,
    ) -> bytes:
        """The output that the runner delivered with its result; empty when there is none."""
        result = self._runs.result(self._run(commit, command))
        if result is None:
            return b""

        return zlib.decompress(result.log)

    def _run(
        self,
        commit: CommitId,
        command: str,
    ) -> Path:
        return self._folder / f"{commit}-{hashlib.sha256(command.encode()).hexdigest()[:16]}"

    def start(
        self,
        commit: CommitId,
        command: str,
        wait_seconds: int,
        worktree: Path,
        preparation: Preparation | None = None,
    ) -> None:
        """Begin a run on a clean checkout, which is set up first, unless one is running or finished.

        A run of another command in the same checkout is ended. Raises what `Worktrees.ensure` raises.
        """
        run = self._run(commit, command)
        if self._runs.is_known(run):
            return
        for other in self._runs.runs_in(worktree):
            self._runs.forget(other)
            self._runs.end_leftovers(other)

        descriptor = lock(run / "lock")
        if descriptor is None:
            return

        try:
            self._runs.end_leftovers(run)
            # Before the checkout is made, so that `clear` knows of it wherever we are killed.
            write_json(run / "spec.json", {"cwd": str(worktree)})
            self._worktrees.remove(worktree, force=True)
            self._worktrees.ensure(worktree, commit, None)
            self._runs.launch(run, self._spec(run, command, wait_seconds, worktree, preparation), descriptor)
        finally:
            os.close(descriptor)

    def _spec(
        self,
        run: Path,
        command: str,
        wait_seconds: int,
        worktree: Path,
        preparation: Preparation | None,
    ) -> Spec:
        """What the runner has to do."""
        given = preparation or Preparation()
        return Spec(
            command=command,
            cwd=str(worktree),
            wait_seconds=wait_seconds,
            folder=str(run),
            variables=worktree_variables(self._home, worktree),
            setup=given.command,
            setup_wait_seconds=given.wait_seconds,
            root=str(self._root),
            copies=self._ignored(given.copies),
            links=given.links,
        )

    def forget(
        self,
        commit: CommitId,
        command: str,
    ) -> None:
        """Forget a result, so that the next `start` runs the command again. Nothing while it runs."""
        run = self._run(commit, command)
        if self._runs.result(run) is not None:
            self._runs.forget(run)

    def clear(self, under: Path) -> None:
        """End the runs in checkouts below a folder, and forget them with their checkouts and results; others go on.

        Raises Failed when a process of a run cannot be ended.
        """
        finish_removals(self._folder)
        for run in sorted(self._folder.glob("*/")):
            worktree = _worktree_of(run, under)
            if worktree is None:
                continue

            self._forget(run, worktree)

    def _forget(
        self,
        run: Path,
        worktree: Path,
    ) -> None:
        """End a run and remove its checkout, its result and its folder."""
        self._runs.forget(run)
        self._runs.end_leftovers(run)
        self._worktrees.remove(worktree, force=True)
        remove_folder(run)


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


def _check(
    commit: CommitId,
    command: str,
    result: Result,
) -> Check:
    """The result with the last lines of its output."""
    return Check(
        commit=commit,
        command=command,
        outcome=result.outcome.outcome,
        exit_status=result.outcome.exit_status,
        seconds=result.outcome.seconds,
        tail=tail_of(result),
    )
