"""Closing in the tracker what passed its gate (P27): what is owed, when it is tried again, who is asked when it cannot be done.

Nothing else waits for it but the merge report: what comes after an epic is released by its gate, never by the tracker, so that an
epic which somebody closed early releases nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands, effects
from gitorch.model.job import JobPhase
from gitorch.rules.workflows.tracked import TROUBLE, closed_by, issues_of, unsettled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.effects import Effect
    from gitorch.model.job import JobState
    from gitorch.model.observed import Observed
    from gitorch.model.run import Run

TRIES_MAX = 3
"""Tries before a person is asked."""

AGAIN_MS = 2_000
"""How long after the first failed try the next one follows; the wait doubles."""

OPTIONS = ("retry", "leave")

WATCHED = frozenset({JobPhase.CLAIMED, JobPhase.RUNNING, JobPhase.SUBMITTED, JobPhase.WAITING_HUMAN})


def watched(run: Run) -> tuple[JobState, ...]:
    """Jobs whose issue must not be closed yet, and of which nobody noted that it is."""
    jobs = (j for j in run.jobs.values() if j.spec.issue and j.phase in WATCHED)
    return tuple(j for j in jobs if j.cleared is None and not j.closing.early)


def _may_be_tried(run: Run, job: JobState) -> bool:
    """Whether a closing is left to try: a tracker refuses an issue before those that it waits for, so these are settled first."""
    if not unsettled(job) or job.closing.tries >= TRIES_MAX:
        return False
    return not any(unsettled(run.producer(need)) for need in job.spec.needs)


def under_way(run: Run) -> bool:
    """Whether anything is still to be closed that waits for nobody."""
    return any(_may_be_tried(run, job) for job in run.jobs.values())


def owed_closings(run: Run, seen: Observed) -> Iterator[Effect]:
    """Closings whose next try is due."""
    for job in run.jobs.values():
        tries, at = job.closing.tries, job.closing.tried_at
        due = at is None or tries == 0 or seen.now - at >= AGAIN_MS * 2 ** (tries - 1)
        if due and _may_be_tried(run, job):
            yield effects.CloseIssues(job.spec.id)


def learned_closings(run: Run, seen: Observed) -> Iterator[Command]:
    """Epics that were closed before their gate, and closings that a person must decide about."""
    for job in watched(run):
        reason = (seen.closed or {}).get(job.spec.issue)
        if reason is not None and not closed_by(run, reason):
            yield commands.NoteClosedEarly(job.spec.id)
    asked = {q.trigger for q in run.open_questions()}
    for job in run.jobs.values():
        if unsettled(job) and job.closing.tries >= TRIES_MAX and f"{TROUBLE}{job.spec.id}" not in asked:
            yield _trouble(job)


def _trouble(job: JobState) -> commands.Escalate:
    name, left = job.spec.id, " ".join(issues_of(job))
    return commands.Escalate(
        trigger=f"{TROUBLE}{name}",
        happened=f"{name} passed its gate, but it could not be closed in the tracker.",
        tried=f"{job.closing.tries} times; the run goes on without it.",
        evidence=job.closing.reason,
        decision=f"Mend the tracker and try again (retry), or leave it to yourself (leave): bd close {left}",
        options=OPTIONS,
    )
