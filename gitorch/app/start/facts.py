"""The facts that the checks of a plan need: the target, programs, folders, other runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitorch.app.people.keys import allowed_signers, forge_keys
from gitorch.app.query.lookup import run_lines
from gitorch.app.query.runtime_facts import runtime_facts
from gitorch.app.query.target import target_head
from gitorch.model.path_text import shell_word
from gitorch.model.plans.preflight import PreflightFacts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, RunId
    from gitorch.model.plans.plan import Plan
    from gitorch.model.plans.workflow import Lane


def preflight_facts(
    services: Services,
    plan: Plan,
    path: Path,
    target: str,
    lanes: Mapping[str, Lane] | None,
) -> PreflightFacts:
    """The facts about a plan at `path` that merges to `target`; the programs of `lanes` must be installed.

    If `lanes` is None, people do the work, and no program is needed.

    Everything is as it is at the moment of the call, and nothing is judged: that is the rules' part.
    Raises Unavailable where git does not answer.
    """
    base = services.paths.folder(services.config.base_path)
    commit = target_head(services, target)
    return PreflightFacts(
        design_exists=_design_exists(services, plan, path),
        target=target,
        target_commit=commit,
        target_behind=0 if commit is None else services.git.behind_remote(target),
        remotes=tuple(services.remotes.names()),
        branches=services.git.branches(),
        base_path=str(base),
        base_writable=_is_writable(base),
        base_outside=not base.resolve().is_relative_to(services.root.resolve()),
        runtimes={name: runtime_facts(services, lane) for name, lane in (lanes or {}).items()},
        by_hand=lanes is None,
        tmux_found=bool(services.programs.find("tmux")),
        busy_epics=_busy_epics(services),
        files=_files(services, plan, commit),
        signers=allowed_signers(services),
        has_forge_keys=bool(forge_keys(services)),
    )


def target_fix(services: Services) -> str:
    """A command after which the merge target is a local branch: another target, or the first commit."""
    branches = services.git.branches()
    if not branches:
        return "git commit --allow-empty --message Begin"
    return f"gitorch config set orchestration.merge_target {shell_word(branches[0])}"


def _files(services: Services, plan: Plan, commit: CommitId | None) -> tuple[str, ...]:
    """All files of the target's commit; empty without a target, and for a plan without scopes."""
    if commit is None or not plan.patterns:
        return ()

    return services.git.paths_at(commit)


def _design_exists(services: Services, plan: Plan, path: Path) -> bool:
    """Whether the design document is in the plan's folder or at the repository's root; true for a plan that names none."""
    if not plan.design:
        return True
    if (path.parent / plan.design).exists():
        return True
    return (services.root / plan.design).exists()


def _is_writable(folder: Path) -> bool:
    """Whether files can be put into a folder, or into the nearest existing folder above it, so that it can be made."""
    for place in (folder, *folder.parents):
        if not place.exists():
            continue
        if not place.is_dir():
            return False
        return os.access(place, os.W_OK | os.X_OK)
    return False


def _busy_epics(services: Services) -> Mapping[str, RunId]:
    """The epics of runs that are not over, each with its run; the newest run where several have one of this name."""
    busy: dict[str, RunId] = {}
    for line in run_lines(services):
        if line.phase.is_over:
            continue
        for epic in line.epics:
            busy[epic] = line.id
    return busy
