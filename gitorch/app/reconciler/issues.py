"""Closing issues in the project's tracker once their work is cleared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Failed, Unavailable
from gitorch.model import commands
from gitorch.rules.workflows.closings import watched
from gitorch.rules.workflows.tracked import closed_by, issues_of, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.run import Run


def closed_issues(services: Services, run: Run) -> Mapping[str, str] | None:
    """The closed issues of jobs that have not passed their gate, with the reasons given; None where none is watched."""
    names = [job.spec.issue for job in watched(run)]
    if not names:
        return None
    tracker = services.tracker(run.settings.tracker)
    if tracker is None:
        return None
    return tracker.closed(names)


def close_issues(services: Services, run: Run, effect: effects.CloseIssues) -> tuple[Command, ...]:
    """Close a job's tasks, then its epic, unless they are closed. What cannot be closed from here is left to people."""
    job = run.jobs[effect.job]
    names = issues_of(job)
    tracker = services.tracker(run.settings.tracker)
    if tracker is None:
        return (commands.RecordClosing(job.spec.id, (), names, "there is no tracker to close them in"),)
    try:
        if tracker.closes:
            tracker.close(names, reason_of(run, job))
        found = tracker.closed(names)
    except (Failed, Unavailable) as error:
        return (commands.RecordClosingFailure(job.spec.id, error.message),)
    closed = tuple(name for name in names if closed_by(run, found.get(name, "")))
    owed = tuple(name for name in names if name not in found)
    reason = "gitorch reads the file of issues and never writes it" if owed else ""
    return (commands.RecordClosing(job.spec.id, closed, owed, reason),)
