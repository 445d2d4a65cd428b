"""Everything that the app works with, put together by `wiring` and handed to every verb."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.config import Config
    from gitorch.model.ids import CommitId, JobId, RunId, SessionId
    from gitorch.model.record import Actor
    from gitorch.model.run import Run
    from gitorch.model.runtime import Preset
    from gitorch.model.workflow import Lane
    from gitorch.ports.files import Files, Outboxes
    from gitorch.ports.ledger import Ledger
    from gitorch.ports.notices import Notices
    from gitorch.ports.tracker import Tracker
    from gitorch.ports.world import (
        Checks,
        Clock,
        Git,
        Programs,
        Remotes,
        Secrets,
        Signatures,
        Terminals,
        Worktrees,
    )

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
"""Characters that mean the same in every file system's names."""


class NoNotices:
    """Nobody wants to be told. Implements `ports.notices.Notices`."""

    @staticmethod
    def sent(_: RunId) -> frozenset[str] | None:
        """None: no command is configured."""
        return None

    @staticmethod
    def send(run: RunId, name: str, notice: Mapping[str, object]) -> None:
        """Send nothing."""

    @staticmethod
    def failure() -> str:
        """See the port."""
        return ""


def _no_tracker(_: str) -> Tracker | None:
    return None


class Services(Value):
    """Ports and facts of one repository on one host.

    `home` is the folder of derived files in the common git directory; `root` is what relative paths of the
    configuration are relative to; `agent_env` is what every agent's environment begins with. `tracker` gives the project's issue
    tracker by the word of the configuration or of a run (`auto`, `bd`, `file`), None where there is none.
    """

    ledger: Ledger
    terminals: Terminals
    git: Git
    remotes: Remotes
    worktrees: Worktrees
    checks: Checks
    files: Files
    outboxes: Outboxes
    programs: Programs
    secrets: Secrets
    signatures: Signatures
    clock: Clock
    config: Config
    preset: Callable[[Lane], Preset]
    host: Actor
    home: Path
    root: Path
    default_base: Path
    agent_env: Mapping[str, str] = field(default_factory=dict)
    notices: Notices = field(default_factory=NoNotices)
    tracker: Callable[[str], Tracker | None] = _no_tracker

    def base(self, run: Run) -> Path:
        """The folder that this run's worktrees lie in."""
        return self.folder(run.settings.worktrees) / run.id

    def folder(self, said: str) -> Path:
        """The folder for worktrees that a configuration names, from the repository's root; empty means the default."""
        return self.root / Path(said).expanduser() if said else self.default_base

    def worktree(self, run: Run, session: SessionId) -> Path:
        """The worktree of a session: an author's is its job's, for every session of it; a reviewer's is its own."""
        job = run.jobs[run.sessions[session].job]
        if job.writes:
            return self.job_worktree(run, job.spec.id)
        return self.base(run) / f"{job.spec.id}-{session}"

    def job_worktree(self, run: Run, job: JobId) -> Path:
        """The worktree of a job that changes files: its own, or the one that the jobs of its lane share."""
        state = run.jobs[job]
        return self.base(run) / (shared_name(state.spec.lane) if run.shares_worktree(state) else job)

    def check_worktree(self, run: Run, commit: CommitId) -> Path:
        """Where a commit is checked out to be tested."""
        return self.base(run) / f"check-{commit[:12]}"


def shared_name(lane: str) -> str:
    """The folder of the worktree that a lane's jobs share; no job can have this name, and no two lanes have the same."""
    return "lane+" + "".join(c if c in PLAIN else f"+{ord(c):x}" for c in lane)
