"""What a run and the tracker have to do with each other, as far as everybody asks: a `status` or a replay needs no more than this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.job import JobPhase

if TYPE_CHECKING:
    from gitorch.model.ids import JobId
    from gitorch.model.job import JobState
    from gitorch.model.question import Question
    from gitorch.model.run import Run

TROUBLE = "tracker:"
"""How the trigger of an escalation about the tracker begins; the job follows."""


def reason_of(run: Run, job: JobState) -> str:
    """The reason that the tracker is given, by which gitorch knows again what it closed itself."""
    return f"gitorch {run.id}: {job.spec.id} passed its gate at {(job.cleared or '')[:12]}"


def closed_by(run: Run, reason: str) -> bool:
    """Whether an issue was closed by this run."""
    return reason.startswith(f"gitorch {run.id}: ")


def issues_of(job: JobState) -> tuple[str, ...]:
    """What is to be closed for a job, its tasks before itself."""
    return (*job.spec.issue_tasks, job.spec.issue) if job.spec.issue else ()


def unsettled(job: JobState) -> bool:
    """Whether a job passed its gate and the tracker does not show it yet."""
    return bool(job.spec.issue) and job.phase is JobPhase.COMPLETED and not job.closing.settled


def troubled_job(run: Run, question: Question) -> JobId | None:
    """The job that an escalation about the tracker is about; None for any other question."""
    name = question.trigger.removeprefix(TROUBLE)
    return next((job for job in run.jobs if job == name), None) if question.trigger.startswith(TROUBLE) else None


def left_to_close(run: Run) -> tuple[str, ...]:
    """What people have to close in the tracker themselves, now that the run is over and gitorch does nothing more."""
    passed = (job for job in run.jobs.values() if job.spec.issue and job.phase is JobPhase.COMPLETED)
    owed = (job.closing.owed if job.closing.settled else issues_of(job) for job in passed)
    return tuple(name for names in owed for name in names)


def closing_line(job: JobState) -> str:
    """What became of a job's issues, in one line of a report; empty where there are none."""
    closing = job.closing
    if not job.spec.issue:
        return ""
    parts = [f"{job.spec.issue} was closed before its gate, by somebody else"] if closing.early else []
    if closing.closed:
        parts.append(f"closed after the gate: {', '.join(closing.closed)}")
    if closing.owed:
        parts.append(f"owed by you: bd close {' '.join(closing.owed)} ({closing.reason})")
    elif not closing.settled:
        parts.append(f"{job.spec.issue} is not closed yet{f' ({closing.reason})' if closing.reason else ''}")
    return "; ".join(parts) or f"{job.spec.issue} was closed already"
