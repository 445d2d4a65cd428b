"""A run's issues in the tracker: which are still open, which are closed, and how it is reported.

`status` and the replay of a ledger import this module and not `closings`, because they need no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.work.job import JobPhase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import JobId
    from gitorch.model.plans.workflow import Settings
    from gitorch.model.work.job import Closing, JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run

TROUBLE = "tracker:"
"""The beginning of the trigger of an escalation about the tracker; the job's id follows."""


def reason_of(run: Run, job: JobState) -> str:
    """The reason that gitorch gives the tracker for closing a job's issues.

    By it gitorch later recognises its own closings.
    """
    return f"gitorch {run.id}: {job.spec.id} passed its gate at {(job.cleared or '')[:12]}"


def closed_by(run: Run, reason: str) -> bool:
    """Whether an issue that was closed for this reason was closed by this run."""
    return reason.startswith(f"gitorch {run.id}: ")


def issues_of(job: JobState) -> tuple[str, ...]:
    """The issues that are closed for a job, its tasks before itself; empty for a job without an issue."""
    if not job.spec.issue:
        return ()

    return (*job.spec.issue_tasks, job.spec.issue)


def unsettled(job: JobState) -> bool:
    """Whether a job with an issue passed its gate and the tracker does not show it yet."""
    return _passed_its_gate(job) and not job.closing.settled


def _passed_its_gate(job: JobState) -> bool:
    """Whether a job with an issue has passed its gate."""
    if not job.spec.issue:
        return False

    return job.phase is JobPhase.COMPLETED


def troubled_job(run: Run, question: Question) -> JobId | None:
    """The job that an escalation about the tracker is about.

    None for any other question, and for a job that the run does not have.
    """
    if not question.trigger.startswith(TROUBLE):
        return None

    name = question.trigger.removeprefix(TROUBLE)
    for job in run.jobs:
        if job == name:
            return job

    return None


def left_to_close(run: Run) -> tuple[str, ...]:
    """The issues that people must close themselves in a run that is over, in the order of the jobs.

    Those are the ones that the tracker refused, and those that gitorch never came to.
    """
    issues: list[str] = []
    for job in run.jobs.values():
        if not _passed_its_gate(job):
            continue

        if job.closing.settled:
            issues += job.closing.owed
        else:
            issues += issues_of(job)

    return tuple(issues)


def closing_line(settings: Settings, job: JobState) -> str:
    """The state of a job's issues in one line of a report; empty for a job without an issue."""
    if not job.spec.issue:
        return ""

    parts = list(_closing_parts(settings, job.spec.issue, job.closing))
    if not parts:
        return f"{job.spec.issue} was closed already"

    return "; ".join(parts)


def _closing_parts(settings: Settings, issue: str, closing: Closing) -> Iterator[str]:
    """Who closed the issues, then what is still open; nothing for an issue that was closed without gitorch."""
    if closing.early:
        yield f"{issue} was closed before its gate, by somebody else"

    if closing.closed:
        yield f"closed after the gate: {', '.join(closing.closed)}"

    if closing.owed:
        yield f"owed by you: {settings.close_issues(closing.owed)} ({closing.reason})"
    elif not closing.settled:
        yield f"{issue} is not closed yet{_reason(closing)}"


def _reason(closing: Closing) -> str:
    """Why the last try failed, in parentheses; empty before the first failure."""
    if not closing.reason:
        return ""

    return f" ({closing.reason})"
