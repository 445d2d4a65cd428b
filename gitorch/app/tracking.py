"""The tracker of a run: what is seen in it, and closing there what passed its gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Failed, Unavailable
from gitorch.model import commands
from gitorch.rules.workflows.closings import watched
from gitorch.rules.workflows.tracked import closed_by, issues_of, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.tools import Tools
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.run import Run


def closed_issues(tools: Tools, run: Run) -> Mapping[str, str] | None:
    """The issues closed among those of jobs that have not passed their gate, with the reasons given; None where none is watched."""
    names = [job.spec.issue for job in watched(run)]
    tracker = tools.tracker(run.settings.tracker) if names else None
    return tracker.closed(names) if tracker is not None else None


def close_issues(tools: Tools, run: Run, effect: effects.CloseIssues) -> tuple[Command, ...]:
    """Close a job's tasks, then its epic, unless they are closed; what cannot be closed from here is owed by people."""
    job = run.jobs[effect.job]
    names = issues_of(job)
    tracker = tools.tracker(run.settings.tracker)
    if tracker is None:
        return (commands.RecordClosing(job.spec.id, (), names, "there is no tracker to close them in"),)
    try:
        if tracker.closes:
            tracker.close(names, reason_of(run, job))
        found = tracker.closed(names)
    except (Failed, Unavailable) as no:
        return (commands.RecordClosingFailure(job.spec.id, no.message),)
    closed = tuple(name for name in names if closed_by(run, found.get(name, "")))
    owed = tuple(name for name in names if name not in found)
    why = "gitorch reads the file of issues and never writes it" if owed else ""
    return (commands.RecordClosing(job.spec.id, closed, owed, why),)
