"""Cleaning up after a run: clean and merged work is removed, the rest is kept and named. The ledger always stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.reconciler.merged_work import work_branches
from gitorch.app.sessions.teardown import tear_down
from gitorch.errors import Failed
from gitorch.model import commands
from gitorch.model.values import Value
from gitorch.model.work.session import SessionKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from gitorch.app.reconciler.merged_work import WorkBranch
    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.work.run import Run

SCRATCH = ("prompts", "sessions", "places", "notices")
"""The folders of derived files that have one folder for each run."""


class CleanedUp(Value):
    """What a cleanup did on this host."""

    removed: tuple[str, ...]
    """The names of what it removed itself, such as `worktree api`; nothing that was not here."""
    kept: tuple[str, ...]
    """The names of what stays here, each with the reason."""


def clean_up(services: Services, run: Run, effect: effects.CleanUp) -> tuple[Command, ...]:
    """Clean up on this host, and record that.

    A cleanup that was killed is done again as a whole; what is already gone is not named again.
    """
    done = clean_up_here(services, run, branches=effect.branches)
    return (commands.RecordCleanup(done.removed, done.kept),)


def clean_up_here(services: Services, run: Run, *, branches: bool) -> CleanedUp:
    """End the sessions on this host, remove worktrees, scratch files and, with `branches`, merged branches. Nothing is recorded.

    Raises Unavailable where git, or the remote of a shared target, does not answer.
    """
    removed: list[str] = []
    kept: list[str] = []
    _end_sessions(services, run, kept)
    found = work_branches(services, run)
    for worktree, names in _branches_by_worktree(services, run).items():
        if _remove_worktree(services, worktree, _unmerged(found, names), removed, kept) and branches:
            _remove_branches(services, names, found, removed, kept)
    services.checks.clear(services.paths.base(run))
    services.setups.clear(services.paths.base(run))
    kept.extend(_unnamed_folders(services.worktrees.tidy(services.paths.base(run)), kept))
    kept.extend(_unnamed_branches(work_branches(services, run), kept))
    _remove_scratch(services, run)
    _prune_remote(services, run, kept)
    services.terminals.close()
    return CleanedUp(tuple(removed), tuple(dict.fromkeys(kept)))


def is_left_here(services: Services, run: Run, *, branches: bool) -> bool:
    """Whether this host still has worktrees of a run or, with `branches`, work branches of it."""
    if services.paths.base(run).exists():
        return True

    return branches and bool(services.worktrees.work_branches(run.id))


def _remove_worktree(
    services: Services,
    worktree: Path,
    unmerged: str,
    removed: list[str],
    kept: list[str],
) -> bool:
    """Remove a worktree and git's record of it; whether it is gone. One that is not on this host is not named."""
    was_here = worktree.exists()
    reason = unmerged or services.worktrees.remove(worktree)
    if not was_here:
        return not reason

    if reason:
        kept.append(f"worktree {worktree.name}: {reason}")
        return False

    removed.append(f"worktree {worktree.name}")
    return True


def _remove_branches(
    services: Services,
    names: Iterable[str],
    found: Mapping[str, WorkBranch],
    removed: list[str],
    kept: list[str],
) -> None:
    """Remove those of these merged branches that this host has."""
    for name in names:
        if name in found:
            _remove_branch(services, name, found[name], removed, kept)


def _branches_by_worktree(services: Services, run: Run) -> Mapping[Path, list[str]]:
    """The worktrees of the jobs that were begun, each with its branch; jobs of one lane can share one."""
    found: dict[Path, list[str]] = {}
    for job in run.jobs.values():
        if job.fence == 0 or not job.writes:
            continue

        worktree = services.paths.job_worktree(run, job.spec.id)
        found.setdefault(worktree, []).append(run.branch_of(job.spec.id))
    return found


def _unmerged(branches: Mapping[str, WorkBranch], names: Iterable[str]) -> str:
    """Why the first of these branches with work that is not merged keeps its worktree; empty without one."""
    for name in names:
        branch = branches.get(name)
        if branch is not None and branch.unmerged:
            return branch.unmerged

    return ""


def _prune_remote(services: Services, run: Run, kept: list[str]) -> None:
    """Remove what the remote that hosts share keeps twice; it is named where the remote keeps it."""
    if not services.ledger.is_shared:
        return

    from gitorch.app.hosts.pruning import prune_commits  # noqa: PLC0415  only a shared ledger pays for it

    reason = prune_commits(services, run)
    if reason:
        kept.append(reason)


def _end_sessions(services: Services, run: Run, kept: list[str]) -> None:
    """End every session; a reviewer's worktree that cannot be removed is kept."""
    for session in run.sessions.values():
        reason = tear_down(services, run, session.id)
        if reason:
            kept.append(f"worktree {services.paths.worktree(run, session.id).name}: {reason}")


def _remove_scratch(services: Services, run: Run) -> None:
    """Remove the prompts, logs and other derived files of the run's sessions, which are of no use without them."""
    for name in SCRATCH:
        services.files.remove_folder(services.home / name / run.id)
    services.files.sweep(services.home)
    for session in run.sessions:
        services.files.remove_folder(services.home / "views" / SessionKey(run.id, session).name)


def _unnamed_folders(left: Iterable[Path], kept: list[str]) -> list[str]:
    """A sentence for each thing in the run's folder that is not kept under a name yet."""
    named = _names(kept)
    unnamed: list[str] = []
    for path in left:
        if f"worktree {path.name}" not in named:
            unnamed.append(f"{path}: gitorch did not make it")
    return unnamed


def _unnamed_branches(branches: Mapping[str, WorkBranch], kept: list[str]) -> list[str]:
    """The branches of the run that are not kept under a name yet, each with the reason where its work is not merged."""
    named = _names(kept)
    unnamed: list[str] = []
    for name, branch in branches.items():
        if f"branch {name}" not in named:
            unnamed.append(f"branch {name}: {branch.unmerged}".removesuffix(": "))
    return unnamed


def _names(kept: Iterable[str]) -> set[str]:
    """The names of what is kept, such as `worktree api`, without the reasons."""
    return {one.partition(":")[0] for one in kept}


def _remove_branch(
    services: Services,
    name: str,
    branch: WorkBranch,
    removed: list[str],
    kept: list[str],
) -> None:
    """Remove a merged branch; it stays where it moved, or somebody has it checked out."""
    try:
        services.worktrees.delete_branch(name, branch.tip)
    except Failed as error:
        kept.append(f"branch {name}: {error.message}")
    else:
        removed.append(f"branch {name}")
