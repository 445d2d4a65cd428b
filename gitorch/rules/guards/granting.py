"""Which jobs may get a lease now. `decide` refuses by these rules, `reconcile` proposes by them, and views explain them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import REVIEWING, UNCLAIMED, Independence
from gitorch.model.work.job import ACTIVE, JobPhase
from gitorch.model.work.session import SessionPhase
from gitorch.rules.usage.budgets import is_held
from gitorch.rules.usage.grants import asked_about_budget, sessions_spent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import CommitId, JobId
    from gitorch.model.plans.workflow import Lane
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

BEGUN = ACTIVE | {JobPhase.QUEUED, JobPhase.WAITING_HUMAN, JobPhase.STALE}
"""Phases in which work may exist in a worktree and in no commit."""


def active(run: Run) -> int:
    """How many agents are at work. Those that wait at a gate or for a human do not count."""
    count = 0
    for job in run.jobs.values():
        if is_at_work(run, job):
            count += 1

    return count


def is_at_work(run: Run, job: JobState) -> bool:
    """Whether a session works on this job, and no open question keeps it from going on."""
    return job.phase.is_active and not run.is_held(job.spec.id)


def base_of(run: Run, job: JobState) -> CommitId | None:
    """The commit that a job starts from; None while it must be merged from several branches first.

    A review starts from the base of its subject.
    """
    if job.spec.kind in REVIEWING and job.spec.subject is not None:
        return run.jobs[job.spec.subject].base

    if job.base is not None:
        return job.base

    parents = run.base_parents(job.spec.id)
    if len(parents) > 1:
        return None

    return parents[0]


def wants_fresh(run: Run, job: JobState) -> bool:
    """Whether the session of an earlier attempt must end before this attempt begins.

    In a shared worktree it must end after every handoff, so that another job can have the worktree. Elsewhere it must end
    only where the workflow asks for a fresh session in each attempt.
    """
    living = run.living_session(job)
    if living is None:
        return False

    if run.shares_worktree(job):
        return not _is_unfinished(job, living)

    if not job.spec.fresh or job.phase is not JobPhase.QUEUED:
        return False

    return _is_new_attempt(job)


def _is_new_attempt(job: JobState) -> bool:
    """Whether an earlier attempt was handed in and another is due."""
    if job.handoff is None:
        return False

    return job.handoff.attempt < job.attempt


def may_be_granted(run: Run, job: JobState) -> bool:
    """Whether a queued job may go to a session now, whatever stands before it in the queue."""
    if job.phase is not JobPhase.QUEUED or job.spec.kind in UNCLAIMED:
        return False

    if run.is_held_by_people(job.spec.id) or wants_fresh(run, job):
        return False

    return _has_place(run, job)


def _has_place(run: Run, job: JobState) -> bool:
    """Whether the job has a base, room within the limits and a free worktree."""
    if base_of(run, job) is None:
        return False

    if not _is_within_limits(run, job):
        return False

    return worktree_taken_by(run, job) is None


def _is_within_limits(run: Run, job: JobState) -> bool:
    """Whether budgets, the number of agents and the lane's capacity leave room for one more agent."""
    if asked_about_budget(run) or is_held(run, job.spec.id):
        return False

    # A session that lives on from an earlier attempt is no new session.
    if sessions_spent(run) and run.living_session(job) is None:
        return False

    if active(run) >= run.settings.max_agents:
        return False

    return _lane_has_room(run, job)


def queue(run: Run) -> tuple[JobState, ...]:
    """The jobs that may be given to a session, in order: by priority, then reviews before new work, then by age.

    None before the tests passed on the target, where the run asks for that.
    """
    free: list[JobState] = []
    if not run.is_target_ready:
        return ()

    for job in run.jobs_in(JobPhase.QUEUED):
        if may_be_granted(run, job):
            free.append(job)

    free.sort(key=_rank)
    return tuple(free)


def _rank(job: JobState) -> tuple[int, bool, int]:
    """The place of a job in the queue; the smallest comes first."""
    return -job.spec.priority, job.writes, job.ready_at or 0


def authors_of(run: Run, job: JobId) -> Iterator[Session]:
    """The sessions that have held this job's lease, in any attempt, oldest first."""
    for session in run.sessions.values():
        if session.job == job:
            yield session


def not_independent(run: Run, job: JobState, runtime: str, holder: str = "") -> str:
    """Why the run's policy bars a reviewer with this runtime, and this name for a manual claim; empty when it does not."""
    if job.spec.kind not in REVIEWING or job.spec.subject is None:
        return ""

    policy = run.settings.independence
    if policy is Independence.SESSION:
        return ""

    if policy is Independence.RUNTIME and _was_written_with(run, job.spec.subject, runtime):
        return f"{job.spec.subject} was written with {runtime}, and this run wants another runtime to judge it"

    if is_own_work(run, job, holder):
        return f"{holder} wrote {job.spec.subject} and cannot judge it in this run"

    return ""


def _was_written_with(run: Run, subject: JobId, runtime: str) -> bool:
    """Whether a session of this runtime has held the subject's lease."""
    for author in authors_of(run, subject):
        if author.runtime == runtime:
            return True

    return False


def is_own_work(run: Run, job: JobState, holder: str) -> bool:
    """Whether a job reviews work that this holder has ever claimed, in a run that forbids such reviews; False without a name."""
    if not holder or job.spec.subject is None:
        return False

    if run.settings.independence is Independence.SESSION:
        return False

    return any(author.holder == holder for author in authors_of(run, job.spec.subject))


def _lane_has_room(run: Run, job: JobState) -> bool:
    """Whether the job's lane may have one more agent at work; a capacity of 0 is no limit."""
    lane = run.workflow.lanes[job.spec.lane]
    if lane.capacity == 0:
        return True

    busy = _busy_in_lane(run, lane)

    return busy < lane.capacity


def _busy_in_lane(run: Run, lane: Lane) -> int:
    """How many jobs of the lane have an agent at work."""
    busy = 0
    for other in run.jobs.values():
        if other.spec.lane == lane.name and is_at_work(run, other):
            busy += 1
    return busy


def worktree_taken_by(run: Run, job: JobState) -> JobId | None:
    """The other job that occupies the worktree which this job shares.

    None when the worktree is free, and for a job with a worktree of its own.
    """
    if not run.shares_worktree(job):
        return None

    return _occupier(run, job)


def _occupier(run: Run, job: JobState) -> JobId | None:
    """The other job of the lane that occupies the shared worktree; None without one."""
    for other in run.jobs.values():
        if other.spec.lane != job.spec.lane or other.spec.id == job.spec.id:
            continue

        if run.shares_worktree(other) and _occupies_worktree(run, other):
            return other.spec.id

    return None


def _occupies_worktree(run: Run, job: JobState) -> bool:
    """Whether a job has an agent in its worktree, or work there that is not submitted yet."""
    last: Session | None = None
    for session in authors_of(run, job.spec.id):
        if session.phase is not SessionPhase.ENDED:
            return True

        last = session

    if last is None or job.phase not in BEGUN:
        return False

    return _is_unfinished(job, last)


def _is_unfinished(job: JobState, session: Session) -> bool:
    """Whether nothing was handed in since this session was opened."""
    if job.handoff is None:
        return True

    return job.handoff.at < session.started_at
