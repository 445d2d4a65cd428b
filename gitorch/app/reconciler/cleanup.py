"""Cleaning up after a run: clean and merged work is removed, the rest is kept and named. The ledger always stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.reconciler.prompts import kept_prompt
from gitorch.app.sessions.teardown import tear_down
from gitorch.model import commands

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.ids import JobId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run


def clean_up(services: Services, run: Run, effect: effects.CleanUp) -> tuple[Command, ...]:
    """End all sessions, remove worktrees and, where the effect says so, merged branches."""
    _end_sessions(services, run)
    removed: list[str] = []
    kept: list[str] = []
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
    services.worktrees.tidy(services.paths.base(run))
    services.terminals.close()
    # The jobs of a lane can share a worktree, which is met with each of them.
    return (commands.RecordCleanup(tuple(dict.fromkeys(removed)), tuple(dict.fromkeys(kept))),)


def _end_sessions(services: Services, run: Run) -> None:
    for session in run.sessions.values():
        tear_down(services, run, session.id)
        for prompt in session.prompts:
            services.files.remove(kept_prompt(services, run, session.id, prompt.id))


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
    if deletes_branch:
        services.worktrees.delete_branch(branch)
        removed.append(f"branch {branch}")
    else:
        kept.append(f"branch {branch}")
