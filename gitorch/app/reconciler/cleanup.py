"""Cleaning up after a run: clean and merged work is removed, the rest is kept and named. The ledger always stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.sessions.teardown import tear_down
from gitorch.errors import Failed
from gitorch.model import commands
from gitorch.model.work.session import SessionKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.ids import JobId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run

SCRATCH = ("prompts", "sessions", "places", "notices")
"""The folders of derived files that have one folder for each run."""


def clean_up(services: Services, run: Run, effect: effects.CleanUp) -> tuple[Command, ...]:
    """End all sessions, remove worktrees, scratch files and, where the effect says so, merged branches.

    What stays is named with its reason. A cleanup that was killed is done again as a whole.
    """
    removed: list[str] = []
    kept: list[str] = []
    _end_sessions(services, run, kept)
    merged = _merged_jobs(run)
    for job in run.jobs.values():
        if job.fence == 0 or not job.writes:
            continue

        if _is_left_unmerged(run, job, merged):
            kept.append(f"worktree {job.spec.id}: its work is not merged")
            continue

        deletes_branch = effect.branches and job.spec.id in merged
        _remove_job(
            services,
            run,
            job.spec.id,
            deletes_branch,
            removed,
            kept,
        )
    services.checks.clear(services.paths.base(run))
    services.setups.clear(services.paths.base(run))
    kept.extend(_unnamed_folders(services.worktrees.tidy(services.paths.base(run)), kept))
    kept.extend(_unnamed_branches(services.worktrees.work_branches(run.id), kept))
    _remove_scratch(services, run)
    _prune_remote(services, run, kept)
    services.terminals.close()
    # The jobs of a lane can share a worktree, which is met with each of them.
    return (commands.RecordCleanup(tuple(dict.fromkeys(removed)), tuple(dict.fromkeys(kept))),)


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
    unnamed: list[str] = []
    for path in left:
        if not any(one.startswith(f"worktree {path.name}:") for one in kept):
            unnamed.append(f"{path}: gitorch did not make it")
    return unnamed


def _unnamed_branches(branches: Iterable[str], kept: list[str]) -> list[str]:
    """The branches of the run that are not kept under a name yet."""
    unnamed: list[str] = []
    for branch in branches:
        named = f"branch {branch}"
        if not any(one == named or one.startswith(f"{named}:") for one in kept):
            unnamed.append(named)
    return unnamed


def _merged_jobs(run: Run) -> frozenset[JobId]:
    if run.merged is None:
        return frozenset()

    return frozenset(job.spec.id for job in run.merge_jobs)


def _is_left_unmerged(run: Run, job: JobState, merged: frozenset[JobId]) -> bool:
    """Whether the run was merged without this job's work, which lies in a worktree of its own."""
    if run.merged is None:
        return False

    if job.spec.id in merged:
        return False

    return not run.shares_worktree(job)


def _remove_job(
    services: Services,
    run: Run,
    job: JobId,
    deletes_branch: bool,
    removed: list[str],
    kept: list[str],
) -> None:
    """Remove the worktree of a job and then its branch; a worktree with changes is kept, and so is its branch."""
    worktree = services.paths.job_worktree(run, job)
    reason = services.worktrees.remove(worktree)
    if reason:
        kept.append(f"worktree {worktree.name}: {reason}")
        return

    removed.append(f"worktree {worktree.name}")
    branch = f"gitorch/{run.id}/{job}"
    if not deletes_branch:
        kept.append(f"branch {branch}")
        return

    try:
        services.worktrees.delete_branch(branch)
    except Failed as error:  # somebody has it checked out
        kept.append(f"branch {branch}: {error.message}")
    else:
        removed.append(f"branch {branch}")
