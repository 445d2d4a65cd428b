"""Setting up worktrees of sessions: files copied or linked from the root, and the configured command. Implements `ports.world.Setups`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.observed import SetupObservation, SetupPhase
from gitorch.world.check_runner import PASSED, Spec
from gitorch.world.checks import no_files
from gitorch.world.command_runs import CommandRuns, finish_removals, remove_folder, tail_of
from gitorch.world.files import lock, read_json, write_json
from gitorch.world.port_ranges import worktree_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.model.plans.preparation import Preparation
    from gitorch.ports.world import Clock

DONE = "done.json"


class WorktreeSetups:
    """Set-ups of one repository. Their folders lie below `<home>/setups`; `root` is where copies and links come from.

    A worktree counts as set up while the mark that the last success left fits it: another worktree in its place, or another
    preparation, has to be set up anew. `exclude` keeps the links out of what agents commit.
    """

    def __init__(
        self,
        home: Path,
        root: Path,
        environ: Mapping[str, str],
        clock: Clock,
        ignored: Callable[[Sequence[str]], tuple[str, ...]] = no_files,
        exclude: Callable[[Sequence[str]], object] = no_files,
    ) -> None:
        self._home, self._root, self._ignored = home, root, ignored
        self._exclude = exclude
        self._folder = home / "setups"
        self._runs = CommandRuns(environ, clock)

    def observe(
        self,
        worktree: Path,
        preparation: Preparation,
    ) -> SetupObservation:
        """Whether this worktree was set up in this way."""
        run, mark = self._run(worktree), _mark(worktree, preparation)
        if read_json(run / DONE) == mark:
            return SetupObservation(SetupPhase.DONE)

        log_path = str(run / "log")
        result = self._runs.receive(run)
        if result is None:
            phase = SetupPhase.RUNNING if self._runs.is_running(run) else SetupPhase.ABSENT
            return SetupObservation(phase, log_path=log_path)

        if result.outcome.outcome != PASSED:
            return SetupObservation(SetupPhase.FAILED, result.outcome.exit_status, tail_of(result), log_path)

        write_json(run / DONE, mark)
        self._runs.forget(run)
        return SetupObservation(SetupPhase.DONE)

    def start(
        self,
        worktree: Path,
        preparation: Preparation,
    ) -> None:
        """Begin to set up a worktree that exists, unless that is under way, done, or has failed."""
        run = self._run(worktree)
        if self._runs.is_known(run) or read_json(run / DONE) == _mark(worktree, preparation):
            return

        descriptor = lock(run / "lock")
        if descriptor is None:
            return

        try:
            self._runs.end_leftovers(run)
            self._exclude(preparation.links)
            write_json(run / "spec.json", {"cwd": str(worktree)})
            self._runs.launch(run, self._spec(run, worktree, preparation), descriptor)
        finally:
            os.close(descriptor)

    def _spec(
        self,
        run: Path,
        worktree: Path,
        preparation: Preparation,
    ) -> Spec:
        """What the runner has to do."""
        return Spec(
            command="",
            cwd=str(worktree),
            wait_seconds=0,
            folder=str(run),
            variables=self.variables(worktree),
            setup=preparation.command,
            setup_wait_seconds=preparation.wait_seconds,
            root=str(self._root),
            copies=self._ignored(preparation.copies),
            links=preparation.links,
        )

    def log(self, worktree: Path) -> bytes:
        """What a set-up that failed printed; empty when there is nothing."""
        result = self._runs.result(self._run(worktree))
        if result is None:
            return b""

        return zlib.decompress(result.log)

    def forget(self, worktree: Path) -> None:
        """Forget a failure, so that the next `start` tries again."""
        run = self._run(worktree)
        if self._runs.result(run) is not None:
            self._runs.forget(run)

    def variables(self, worktree: Path) -> Mapping[str, str]:
        """The variables that give programs in a worktree a name and ports of their own."""
        return worktree_variables(self._home, worktree)

    def clear(self, under: Path) -> None:
        """End what sets up worktrees below a folder, and forget them. Raises Failed when a process cannot be ended."""
        finish_removals(self._folder)
        for run in sorted(self._folder.glob("*/")):
            named = (read_json(run / "spec.json") or {}).get("cwd")
            if isinstance(named, str) and Path(named).parent == under and not run.is_symlink():
                self._runs.forget(run)
                self._runs.end_leftovers(run)
                remove_folder(run)
        with contextlib.suppress(OSError):  # others are set up, or nothing ever was
            self._folder.rmdir()

    def _run(self, worktree: Path) -> Path:
        """The folder of the run for a worktree."""
        return self._folder / hashlib.sha256(os.fsencode(worktree)).hexdigest()[:24]


def _mark(worktree: Path, preparation: Preparation) -> dict[str, object]:
    """What tells this worktree, set up in this way, from every other: the time and number of its `.git` file, and the preparation."""
    identity: list[int] = []
    try:
        about = (worktree / ".git").lstat()
        identity = [about.st_ino, about.st_mtime_ns]
    except OSError:
        identity = []
    words = [preparation.command, *preparation.copies, "", *preparation.links]
    digest = hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).hexdigest()
    return {"worktree": identity, "preparation": digest}
