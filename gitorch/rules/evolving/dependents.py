"""Jobs that depend on a job that is over: skipped with it, or blocked again when it goes back to work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import REVIEWING, UNCLAIMED
from gitorch.model.work.job import JobPhase
from gitorch.rules.evolving.transitions import end_claim, move_job, promote, withdraw

if TYPE_CHECKING:
    from gitorch.model.ids import JobId
    from gitorch.model.record import Record
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run

LOST = frozenset({JobPhase.FAILED, JobPhase.SKIPPED, JobPhase.CANCELED})
"""Phases of a job whose work will not come."""


def skip_dependents(run: Run, record: Record, job: JobId) -> Run:
    """Skip what cannot be done without a job that is over; jobs that waited for nothing else are queued."""
    return promote(_skipped(run, record, job), record.at)


def skip_with_dependents(run: Run, record: Record, job: JobId) -> Run:
    """Skip a job, and all jobs that cannot be done without it."""
    return _skipped(move_job(run, job, JobPhase.SKIPPED), record, job)


def _skipped(run: Run, record: Record, job: JobId) -> Run:
    """Skip the job's reviews, and every blocked job that cannot be done without it, directly or through others."""
    run = reviews_closed(run, record, job)
    for other, state in run.jobs.items():
        if run.jobs[other].phase is not JobPhase.BLOCKED or state.spec.kind in UNCLAIMED:
            continue

        if _depends(run, state, job):
            run = skip_with_dependents(run, record, other)

    return run


def _depends(run: Run, job: JobState, subject: JobId) -> bool:
    """Whether a job needs the subject, or a review of it."""
    if subject in job.spec.needs:
        return True

    for need in job.spec.needs:
        if run.jobs[need].spec.subject == subject:
            return True

    return False


def reviews_closed(run: Run, record: Record, subject: JobId) -> Run:
    """Skip the reviews of a subject that are not over."""
    for review in run.reviews_of(subject):
        run = review_stopped(run, record, review)
        if not review.phase.is_over:
            run = move_job(run, review.spec.id, JobPhase.SKIPPED, lease=None)

    return run


def unskipped(run: Run, job: JobId) -> Run:
    """Block again what was skipped for want of this job, with its reviews, unless something else that it needs is lost."""
    for other, state in run.jobs.items():
        # A review is blocked again together with its subject.
        if run.jobs[other].phase is not JobPhase.SKIPPED or state.spec.kind in REVIEWING:
            continue

        if not _depends(run, state, job):
            continue

        # Something else that it needs will not come.
        if _lacks_a_need(run, state):
            continue

        run = move_job(run, other, JobPhase.BLOCKED)
        for review in run.reviews_of(other):
            run = move_job(run, review.spec.id, JobPhase.BLOCKED)

        run = unskipped(run, other)

    return run


def _lacks_a_need(run: Run, job: JobState) -> bool:
    """Whether the work that a job needs will not come."""
    for need in job.spec.needs:
        if run.producer(need).phase in LOST:
            return True

    return False


def review_stopped(run: Run, record: Record, review: JobState) -> Run:
    """Withdraw the questions about a review, and take the job from the session that works on it."""
    run = withdraw(run, record, run.open_questions(review.spec.id), reason=f"{review.spec.id} was stopped")
    run = end_claim(run, review, "stopped")
    if review.phase.is_active:
        return move_job(run, review.spec.id, JobPhase.QUEUED, lease=None)

    return run
