"""Work that was left behind in a run, and how recovery would go on with it. Work that was not handed in is never completed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.work.job import JobPhase
from gitorch.rules.deciding.late import overdue

if TYPE_CHECKING:
    from gitorch.model.ids import JobId, LateHandoffId, Moment
    from gitorch.model.work.job import JobState
    from gitorch.model.work.late_handoff import LateHandoff
    from gitorch.model.work.run import Run


class Remedy(Value):
    """One job that was left behind, and its remedy."""

    job: JobId
    found: str
    would: str
    """What recovery would do, as an imperative clause."""
    command: str
    """The command that applies this remedy alone."""
    late_handoff: LateHandoffId | None = None
    """The late handoff that would be adopted; without one the job is queued again."""
    voids: str = ""
    """Why the merge report would be withdrawn with its approval; empty for every other remedy."""
    by_itself: bool = True
    """False when an agent is at work on the job again, so that recovery leaves the remedy to its own command."""


def remedies(run: Run, at: Moment) -> tuple[Remedy, ...]:
    """Everything that was left behind as of a moment, in the order of the workflow."""
    found: list[Remedy] = []
    for job in run.jobs.values():
        remedy = _remedy_of(run, job, at)
        if remedy is not None:
            found.append(remedy)

    return tuple(found)


def withdrawal(run: Run, checkpoint: JobId, reason: str) -> Remedy:
    """The withdrawal of a report whose approval does not hold; a new report is made and can be approved."""
    return Remedy(
        job=checkpoint,
        found=reason,
        would="withdraw the report with this approval, so that a new one is made",
        command=f"gitorch recover {run.id} --apply",
        voids=reason,
    )


def _remedy_of(run: Run, job: JobState, at: Moment) -> Remedy | None:
    """The remedy for a job: to adopt its newest late handoff, or to queue it again. None when nothing was left behind."""
    ran_out = _has_run_out(run, job, at)
    replaced = job.phase.is_active and not run.is_claimed_manually(job)
    waiting = job.phase in {JobPhase.STALE, JobPhase.QUEUED}
    if not ran_out and not replaced and not waiting:
        return None

    kept = run.late_handoffs_of(job)
    if kept:
        return _adoption(job, kept[-1], replaced=replaced)

    if ran_out or job.phase is JobPhase.STALE:
        return _requeue(job)

    return None


def _has_run_out(run: Run, job: JobState, at: Moment) -> bool:
    """Whether somebody's manual claim of this job is over by the clock, recorded or not."""
    if job.lease is None:
        return False

    return overdue(run.sessions[job.lease.session], job, at)


def _adoption(job: JobState, late: LateHandoff, *, replaced: bool) -> Remedy:
    """The adoption of a late handoff. Where an agent does the work again, recovery itself does nothing."""
    kind = "verdict"
    if late.verdict is None:
        kind = "report"

    would = f"adopt {late.id}"
    if replaced:
        would = f"nothing; to adopt it ends session {job.session}, which does it again"

    return Remedy(
        job=job.spec.id,
        found=f"a late {kind} of session {late.session} at {late.commit[:12]} is kept as {late.id}",
        would=would,
        command=f"gitorch recover {job.spec.id} --adopt {late.id}",
        late_handoff=late.id,
        by_itself=not replaced,
    )


def _requeue(job: JobState) -> Remedy:
    """The return of stale work to the queue; work on files keeps its branch and worktree."""
    would = "queue it again"
    if job.writes:
        would = "queue it again; branch and worktree are kept"

    return Remedy(
        job=job.spec.id,
        found=f"lease {job.fence} of session {job.session} ran out, and nothing was handed in",
        would=would,
        command=f"gitorch recover {job.spec.id} --requeue",
    )
