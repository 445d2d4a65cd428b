"""Facts about the repository and its runtimes, gathered before a run of a plan is created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import CommitId, RunId


class RuntimeFacts(Value):
    """Whether a runtime's preset or command is known, and whether its program was found."""

    known: bool
    program: str = ""
    found: bool = False
    install_hint: str = ""
    sandbox_fault: str = ""
    """Why the sandbox that the runtime asks for cannot be made here; empty if it can, or if none is asked for."""


class PreflightFacts(Value):
    """Facts about one plan, target and configuration."""

    design_exists: bool
    """True also when the plan names no design document."""
    target: str
    target_commit: CommitId | None
    """None when the target is not a local branch."""
    target_behind: int = 0
    remotes: tuple[str, ...] = ()
    """The names of the remotes."""
    branches: tuple[str, ...] = ()
    """The local branches, for a suggestion."""
    base_path: str = ""
    base_writable: bool = True
    base_outside: bool = True
    runtimes: Mapping[str, RuntimeFacts] = field(default_factory=dict)
    """By name: those that the lanes use, and those that could be chosen instead."""
    by_hand: bool = False
    """People do the work, so no agent's program has to be there."""
    tmux_found: bool = True
    """Whether tmux is on PATH. Agents run in it."""
    busy_epics: Mapping[str, RunId] = field(default_factory=dict)
    """Epics of runs that are not over, with those runs."""
    work_branches: tuple[str, ...] = ()
    """Local branches with the names that this run's jobs would use."""
    files: tuple[str, ...] = ()
    """All files of the target's commit; empty where no scope is to be compared with them."""
    signers: str = ""
    """The keys that may sign approvals, when the configuration asks for signatures."""
    has_forge_keys: bool = False
    """Whether a key is known by which a forge signs merges."""

    @property
    def has_no_commit(self) -> bool:
        """Whether the repository is new: no branch is there, so no target can be."""
        return self.target_commit is None and not self.branches
