"""Closing issues in the project's tracker once their work is cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.reconciler.trouble import trouble
from gitorch.model import commands
from gitorch.rules.workflows.closings import watched
from gitorch.rules.workflows.tracked import closed_by, issues_of, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run


def closed_issues(services: Services, run: Run) -> Mapping[str, str] | None:
    """The closed issues of jobs that have not passed their gate, with the reasons given.

    None where no issue is watched, or there is no tracker. Raises Unavailable where it does not answer.
    """
    names = [job.spec.issue for job in watched(run)]
    if not names:
        return None

    tracker = services.tracker(run.settings.tracker)
    if tracker is None:
        return None

    return tracker.closed(names)


def close_issues(services: Services, run: Run, effect: effects.CloseIssues) -> tuple[Command, ...]:
    """Close a job's tasks, then its epic, unless they are closed. What cannot be closed from here is left to people.

    Gives the command that records which issues are closed and which are left, or that the tracker failed.
    """
    job = run.jobs[effect.job]
    try:
        return (_closed(services, run, job),)
    except Exception as error:  # noqa: BLE001  the run does not wait for a tracker, whatever it raises
        return (commands.RecordClosingFailure(job.spec.id, trouble(error).message),)


def _closed(services: Services, run: Run, job: JobState) -> commands.RecordClosing:
    """The record of a job's issues, after closing those that gitorch can close. Raises what the tracker raises."""
    names = issues_of(job)
    tracker = services.tracker(run.settings.tracker)
    if tracker is None:
        return commands.RecordClosing(job.spec.id, (), names, "there is no tracker to close them in")

    if tracker.closes:
        tracker.close(names, reason_of(run, job))
    return _closing(run, job, tracker.closed(names))


def _closing(run: Run, job: JobState, found: Mapping[str, str]) -> commands.RecordClosing:
    """The record of a job's issues; `found` are those that are closed in the tracker, with the reasons given."""
    closed, owed = _closed_and_owed(run, job, found)

    reason = ""
    if owed:
        reason = "gitorch reads the file of issues and never writes it"
    return commands.RecordClosing(job.spec.id, tuple(closed), tuple(owed), reason)


def _closed_and_owed(run: Run, job: JobState, found: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The job's issues that are closed by this run, and those that are not closed yet."""
    closed: list[str] = []
    owed: list[str] = []
    for name in issues_of(job):
        if closed_by(run, found.get(name, "")):
            closed.append(name)
        if name not in found:
            owed.append(name)
    return closed, owed
