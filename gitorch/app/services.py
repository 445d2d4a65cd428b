"""The services of one repository that the app works with; `wiring` provides them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gitorch.app.worktree_paths import WorktreePaths
    from gitorch.model.plans.config import Config
    from gitorch.model.plans.runtime import Preset
    from gitorch.model.plans.workflow import Lane
    from gitorch.model.record import Actor
    from gitorch.ports.files import Files, Outboxes
    from gitorch.ports.git import Git, Remotes, Worktrees
    from gitorch.ports.ledger import Ledger
    from gitorch.ports.notices import Notices
    from gitorch.ports.place import Place
    from gitorch.ports.tracker import Tracker
    from gitorch.ports.world import Checks, Clock, Programs, Secrets, Setups, Signatures, Terminals


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
    def holder(self) -> str:
        """The name under which the caller of this process holds manual claims."""
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
