"""What was left behind in a run, and what recovery would do about each; nobody's work is completed that was not handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.job import JobPhase
from gitorch.model.values import Value
from gitorch.rules.deciding.late import overdue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import JobId, LateHandoffId, Moment
    from gitorch.model.job import JobState
    from gitorch.model.run import Run


class Remedy(Value):
    """One thing that was left behind: what was found, what would be done, and the command that does only this.

    `hand_in` is what would be adopted; without one the job is queued again. What is not done `by_itself` is shown and left to
    its own command: an agent is at work on the job again.
    """

    job: JobId
    found: str
    would: str
    command: str
    late_handoff: LateHandoffId | None = None
    by_itself: bool = True


def remedies(run: Run, at: Moment) -> tuple[Remedy, ...]:
    """Everything that was left behind as of a moment, in the order of the workflow."""
    return tuple(remedy for job in run.jobs.values() for remedy in _of(run, job, at))


def _of(run: Run, job: JobState, at: Moment) -> Iterator[Remedy]:
    name = job.spec.id
    session = run.sessions.get(job.lease.session) if job.lease is not None else None
    ran_out = session is not None and overdue(session, job, at)
    again = job.phase.is_active and not run.is_claimed_manually(job)
    if not ran_out and not again and job.phase not in {JobPhase.STALE, JobPhase.QUEUED}:
        return
    kept = run.late_handoffs_of(job)
    if kept:
        newest = kept[-1]
        what = "verdict" if newest.verdict is not None else "report"
        found = f"a late {what} of session {newest.session} at {newest.commit[:12]} is kept as {newest.id}"
        would = (
            f"nothing; to adopt it ends session {job.session}, which does it again" if again else f"adopt {newest.id}"
        )
        yield Remedy(name, found, would, f"gitorch recover {name} --adopt {newest.id}", newest.id, not again)
    elif ran_out or job.phase is JobPhase.STALE:
        kept_worktree = "; branch and worktree are kept" if job.writes else ""
        found = f"lease {job.fence} of session {job.session} ran out, and nothing was handed in"
        yield Remedy(name, found, f"queue it again{kept_worktree}", f"gitorch recover {name} --requeue")
