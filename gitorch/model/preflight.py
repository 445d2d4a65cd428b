"""What the world says when a plan is about to be handed over, gathered before anything is created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import CommitId, RunId


class RuntimeFacts(Value):
    """Whether there is a preset of this name (or a command of one's own), and whether its program was found."""

    known: bool
    program: str = ""
    found: bool = False
    install_hint: str = ""


class PreflightFacts(Value):
    """Facts for one plan, target and configuration.

    `design_exists` is true where the plan names no design document. `target_commit` is None where the target is no local
    branch; `branches` are the local branches, for a suggestion. `runtimes` are by name: those that the lanes use, and whatever else could be chosen.
    `busy_epics` maps epics of runs that are not over to those runs. `work_branches` are local branches that this run's jobs
    would need for themselves. `signers` are the keys that may sign approvals, where that is asked for.
    """

    design_exists: bool
    target: str
    target_commit: CommitId | None
    target_behind: int = 0
    branches: tuple[str, ...] = ()
    base_path: str = ""
    base_writable: bool = True
    base_outside: bool = True
    runtimes: Mapping[str, RuntimeFacts] = field(default_factory=dict)
    busy_epics: Mapping[str, RunId] = field(default_factory=dict)
    work_branches: tuple[str, ...] = ()
    signers: str = ""
