"""Who may get a lease now, read from a run: what `decide` refuses by, `reconcile` proposes by and people are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.job import JobPhase
from gitorch.model.session import SessionPhase
from gitorch.model.workflow import REVIEWING, UNCLAIMED, Independence
from gitorch.rules.budget_grants import asked_about_budget, sessions_spent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import CommitId, JobId
    from gitorch.model.job import JobState
    from gitorch.model.run import Run
    from gitorch.model.session import Session

ACTIVE = frozenset({JobPhase.CLAIMED, JobPhase.RUNNING})


def active(run: Run) -> int:
    """How many agents are at work: those that wait at a gate or for a human do not count."""
    return sum(1 for job in run.jobs.values() if _at_work(run, job))


def _at_work(run: Run, job: JobState) -> bool:
    return job.phase in ACTIVE and not run.is_held(job.spec.id)


def base_of(run: Run, job: JobState) -> CommitId | None:
    """The commit that a job's changes are measured from; None while it must be built from several branches first."""
    if job.spec.kind in REVIEWING and job.spec.subject is not None:
        return run.jobs[job.spec.subject].base
    if job.base is not None:
        return job.base
    parents = run.base_parents(job.spec.id)
    return parents[0] if len(parents) == 1 else None


def wants_fresh(run: Run, job: JobState) -> bool:
    """Whether the session of an earlier attempt must end before this attempt begins; where a worktree is shared, before anything."""
    living = run.living_session(job)
    if living is not None and run.shares_worktree(job):
        return not _unfinished(job, living)
    return job.spec.fresh and job.phase is JobPhase.QUEUED and living is not None and _worked_before(job)


def _worked_before(job: JobState) -> bool:
    """Whether an attempt was handed in already and another is due."""
    return job.handoff is not None and job.handoff.attempt < job.attempt


def may_be_granted(run: Run, job: JobState) -> bool:
    """Whether a queued job may go to a session now, by everything but the order of the queue."""
    return (
        job.phase is JobPhase.QUEUED
        and job.spec.kind not in UNCLAIMED
        and not run.is_held(job.spec.id)
        and not wants_fresh(run, job)
        and base_of(run, job) is not None
        and not asked_about_budget(run)
        and (run.living_session(job) is not None or not sessions_spent(run))
        and active(run) < run.settings.max_agents
        and _lane_has_room(run, job)
        and worktree_taken_by(run, job) is None
    )


def queue(run: Run) -> tuple[JobState, ...]:
    """What may be given to a session, first come first: priority, then reviews before new work, then age."""
    free = [j for j in run.jobs.values() if may_be_granted(run, j)]
    return tuple(sorted(free, key=lambda j: (-j.spec.priority, j.writes, j.ready_at or 0)))


def authors_of(run: Run, job: JobId) -> Iterator[Session]:
    """The sessions that have held this job's lease, in any attempt."""
    return (session for session in run.sessions.values() if session.job == job)


def not_independent(run: Run, job: JobState, runtime: str, holder: str = "") -> str:
    """Why somebody with this runtime, and this name where the job is taken by hand, may not judge; empty when they may."""
    if job.spec.kind not in REVIEWING or job.spec.subject is None:
        return ""
    policy, subject = run.settings.independence, job.spec.subject
    authors = tuple(authors_of(run, subject))
    if policy is Independence.RUNTIME and any(a.runtime == runtime for a in authors):
        return f"{subject} was written with {runtime}, and this run wants another runtime to judge it"
    if policy is not Independence.SESSION and holder and any(a.holder == holder for a in authors):
        return f"{holder} wrote {subject} and cannot judge it in this run"
    return ""


def _lane_has_room(run: Run, job: JobState) -> bool:
    lane = run.workflow.lanes[job.spec.lane]
    busy = sum(1 for j in run.jobs.values() if j.spec.lane == lane.name and _at_work(run, j))
    return lane.capacity == 0 or busy < lane.capacity


BEGUN = ACTIVE | {JobPhase.QUEUED, JobPhase.WAITING_HUMAN, JobPhase.STALE}
"""Phases in which work that was begun may stand in a worktree and in no commit."""


def worktree_taken_by(run: Run, job: JobState) -> JobId | None:
    """The other job that has the worktree which this one shares: begun and not handed in, or with an agent still there."""
    if not run.shares_worktree(job):
        return None
    others = (j for j in run.jobs.values() if j.spec.lane == job.spec.lane and j.spec.id != job.spec.id)
    return next((j.spec.id for j in others if run.shares_worktree(j) and _in_worktree(run, j)), None)


def _in_worktree(run: Run, job: JobState) -> bool:
    sessions = tuple(authors_of(run, job.spec.id))
    if any(session.phase is not SessionPhase.ENDED for session in sessions):
        return True
    return bool(sessions) and job.phase in BEGUN and _unfinished(job, sessions[-1])


def _unfinished(job: JobState, session: Session) -> bool:
    """Whether nothing was handed in since this session was opened."""
    return job.handoff is None or job.handoff.at < session.started_at
