"""Close issues in the tracker once their jobs have passed their gates (P27): what remains to be closed, retries, and escalation.

Only the merge report waits for the tracker. The jobs after an epic are released by its gate and never by the tracker, so
that an epic which somebody closed early releases nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands, effects
from gitorch.model.counts import counted
from gitorch.model.work.job import JobPhase
from gitorch.rules.workflows.tracked import TROUBLE, closed_by, issues_of, unsettled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.effects import Effect
    from gitorch.model.ids import Moment
    from gitorch.model.observed import Observed
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run

TRIES_MAX = 3
"""How often gitorch tries to close issues before it asks a person."""

AGAIN_MS = 2_000
"""How long after the first failed try the next one follows; the wait doubles."""

OPTIONS = ("retry", "leave")

WATCHED = frozenset({JobPhase.CLAIMED, JobPhase.RUNNING, JobPhase.SUBMITTED, JobPhase.WAITING_HUMAN})
"""Phases in which a job's issue must still be open in the tracker."""


def watched(run: Run) -> tuple[JobState, ...]:
    """The jobs whose issues must not be closed yet, in the order of the run.

    Those whose early closing is already recorded are left out.
    """
    return tuple(filter(_is_watched, run.jobs.values()))


def _is_watched(job: JobState) -> bool:
    """Whether it would be news that the issue of this job is closed.

    A job that waits, or that is over, may have a closed issue.
    """
    if not job.spec.issue or job.phase not in WATCHED:
        return False

    # A gate that passed once may close the issue, and an early closing is recorded once.
    if job.cleared is not None:
        return False

    return not job.closing.early


def _may_be_tried(run: Run, job: JobState) -> bool:
    """Whether gitorch may try to close a job's issues.

    A tracker refuses to close an issue before those that it depends on, so the issues of the job's needs come first.
    """
    if not unsettled(job):
        return False

    if job.closing.tries >= TRIES_MAX:
        return False

    return not any(unsettled(run.producer(need)) for need in job.spec.needs)


def is_closing(run: Run) -> bool:
    """Whether some issue is still to be closed for which nobody needs to be asked.

    A run stays under way for the tracker only that long.
    """
    for job in run.jobs.values():
        if _may_be_tried(run, job):
            return True

    return False


def owed_closings(run: Run, observed: Observed) -> Iterator[Effect]:
    """An effect for each job whose next try is due, in the order of the jobs."""
    for job in run.jobs.values():
        if _is_due(job, observed.now) and _may_be_tried(run, job):
            yield effects.CloseIssues(job.spec.id)


def _is_due(job: JobState, now: Moment) -> bool:
    """Whether enough time has passed since the last failed try; at once before the first one."""
    tries, tried_at = job.closing.tries, job.closing.tried_at
    if tries == 0 or tried_at is None:
        return True

    wait_ms: int = AGAIN_MS * 2 ** (tries - 1)
    return now - tried_at >= wait_ms


def closing_commands(run: Run, observed: Observed) -> Iterator[Command]:
    """The commands for what the tracker shows.

    They record the issues that were closed before their gate, and ask a person about closings that keep
    failing, once.
    """
    for job in watched(run):
        if _was_closed_early(run, job, observed):
            yield commands.NoteClosedEarly(job.spec.id)

    for job in run.jobs.values():
        if not _has_failed(job):
            continue

        if not _is_asked_about(run, job):
            yield _escalation(run, job)


def _was_closed_early(run: Run, job: JobState, observed: Observed) -> bool:
    """Whether the tracker shows the issue of a job as closed, and not by this run.

    `observed.closed` has the reason of each closed issue; it is None when the tracker could not be
    asked.
    """
    if observed.closed is None:
        return False

    reason = observed.closed.get(job.spec.issue)
    if reason is None:
        return False

    return not closed_by(run, reason)


def _has_failed(job: JobState) -> bool:
    """Whether all tries to close the issues of a job have failed."""
    return unsettled(job) and job.closing.tries >= TRIES_MAX


def _is_asked_about(run: Run, job: JobState) -> bool:
    """Whether a person is already asked about the issues of a job."""
    trigger = f"{TROUBLE}{job.spec.id}"
    for question in run.open_questions():
        if question.trigger == trigger:
            return True

    return False


def _escalation(run: Run, job: JobState) -> commands.Escalate:
    """Asks a person about issues that could not be closed; the run does not wait for the answer."""
    name = job.spec.id
    command = run.settings.close_issues(issues_of(job))
    return commands.Escalate(
        trigger=f"{TROUBLE}{name}",
        happened=f"{name} passed its gate, but its issue could not be closed in the tracker.",
        tried=f"{counted(job.closing.tries, 'time')}; the run continues without it.",
        evidence=job.closing.reason,
        decision=f"Repair the tracker and try again (retry), or close it yourself (leave): {command}",
        options=OPTIONS,
    )
