"""The services of one repository that the app works with; `wiring` provides them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.ids import CommitId, JobId, SessionId
    from gitorch.model.plans.config import Config
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.plans.workflow import Lane
    from gitorch.model.record import Actor
    from gitorch.model.work.run import Run
    from gitorch.ports.files import Files, Outboxes
    from gitorch.ports.git import Git, Remotes, Worktrees
    from gitorch.ports.ledger import Ledger
    from gitorch.ports.notices import Notices
    from gitorch.ports.place import Place
    from gitorch.ports.tracker import Tracker
    from gitorch.ports.world import Checks, Clock, Programs, Secrets, Setups, Signatures, Terminals

MANUAL = "by-hand"
"""The folder of worktrees for manual work, and the part of their branches' names, where those of a run have its id."""

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
"""Characters that mean the same in every file system's names."""


class WorktreePaths(Value):
    """Where the worktrees of runs lie. Only paths are computed; nothing is created."""

    root: Path
    """The folder that relative paths of the configuration start from."""
    default_base: Path
    """The folder for worktrees where the configuration names none."""

    def folder(self, base_path: str) -> Path:
        """The folder for worktrees that a configuration names, relative to the repository's root; empty means the default."""
        if not base_path:
            return self.default_base
        return self.root / Path(base_path).expanduser()

    def base(self, run: Run) -> Path:
        """The folder that this run's worktrees lie in, which nothing but this run uses."""
        return self.folder(run.settings.worktrees) / run.id

    def worktree(self, run: Run, session: SessionId) -> Path:
        """The worktree of a session: all sessions of an author share that of their job; each reviewer has its own.

        An author that follows another finds what the other left; a reviewer never sees another's files.
        """
        job = run.jobs[run.sessions[session].job]
        if job.writes:
            return self.job_worktree(run, job.spec.id)
        return self.base(run) / f"{job.spec.id}-{session}"

    def job_worktree(self, run: Run, job: JobId) -> Path:
        """The worktree of a job that changes files: its own, or the one that the jobs of its lane share."""
        state = run.jobs[job]
        if run.shares_worktree(state):
            return self.base(run) / shared_name(state.spec.lane)
        return self.base(run) / job

    def check_worktree(self, run: Run, commit: CommitId) -> Path:
        """Where a commit is checked out to be tested: a folder for each commit, so that its run can be found again after a kill."""
        return self.base(run) / f"check-{commit[:12]}"


def shared_name(lane: str) -> str:
    """The folder of the worktree that a lane's jobs share; no job can have this name, and no two lanes have the same.

    Every character that a file system could change is written as `+` and its code point in hexadecimal digits.
    """
    name = "lane+"
    for character in lane:
        if character in PLAIN:
            name += character
        else:
            name += f"+{ord(character):x}"
    return name


class Services(Protocol):
    """Ports and facts of one repository on one host. `wiring.repository.Repository` provides them, made when first used."""

    @property
    def ledger(self) -> Ledger:
        """The record of every run."""
        ...

    @property
    def git(self) -> Git:
        """Branches, commits, merges and settings."""
        ...

    @property
    def remotes(self) -> Remotes:
        """Fetch and push."""
        ...

    @property
    def worktrees(self) -> Worktrees:
        """Linked worktrees."""
        ...

    @property
    def terminals(self) -> Terminals:
        """The agents' sessions."""
        ...

    @property
    def checks(self) -> Checks:
        """Runs of the project's test command."""
        ...

    @property
    def setups(self) -> Setups:
        """Worktrees that are made ready for work."""
        ...

    @property
    def files(self) -> Files:
        """Small files."""
        ...

    @property
    def outboxes(self) -> Outboxes:
        """Outboxes of agents that cannot write to the ledger."""
        ...

    @property
    def programs(self) -> Programs:
        """Programs on the caller's PATH."""
        ...

    @property
    def secrets(self) -> Secrets:
        """Tokens and nonces."""
        ...

    @property
    def signatures(self) -> Signatures:
        """Signatures of approvals."""
        ...

    @property
    def notices(self) -> Notices:
        """Notices to people, by a command of theirs."""
        ...

    @property
    def clock(self) -> Clock:
        """The time, and waiting."""
        ...

    @property
    def config(self) -> Config:
        """The configuration. Raises Malformed where its file has defects."""
        ...

    @property
    def host(self) -> Actor:
        """Gitorch itself, on this machine, as an actor."""
        ...

    @property
    def root(self) -> Path:
        """The folder that configuration and relative paths belong to."""
        ...

    @property
    def home(self) -> Path:
        """The folder of derived files in the common git directory."""
        ...

    @property
    def paths(self) -> WorktreePaths:
        """Where worktrees lie."""
        ...

    @property
    def place(self) -> Place:
        """Where the repository lies, and lay before."""
        ...

    @property
    def agent_env(self) -> Mapping[str, str]:
        """The variables that every agent's environment begins with."""
        ...

    @property
    def store(self) -> str:
        """Which store keeps the ledger, and why, in words for people."""
        ...

    @property
    def preset_names(self) -> tuple[str, ...]:
        """All presets that a lane can name."""
        ...

    def watch_slow_calls(self, show: Callable[[str], None]) -> None:
        """Have a sentence shown about each call of git that takes long, at growing intervals while it runs."""
        ...

    def preset(self, lane: Lane) -> Preset:
        """A lane's preset. Raises NotFound for an unknown runtime."""
        ...

    def tracker(self, kind: str) -> Tracker | None:
        """The issue tracker of a kind (`auto`, `bd`, `file`); None where there is none."""
        ...
