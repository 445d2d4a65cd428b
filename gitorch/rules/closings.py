"""Closing in the tracker what passed its gate (P27): what is owed, when it is tried again, who is asked when it cannot be done.

Nothing else waits for it but the merge report: what comes after an epic is released by its gate, never by the tracker, so that an
epic which somebody closed early releases nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands, effects
from gitorch.model.run import JobPhase
from gitorch.rules.readings import open_questions, producer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.effects import Effect
    from gitorch.model.ids import JobId
    from gitorch.model.observed import Observed
    from gitorch.model.run import JobState, Question, Run

TRIES_MAX = 3
"""Tries before a person is asked."""

AGAIN_MS = 2_000
"""How long after the first failed try the next one follows; the wait doubles."""

TROUBLE = "tracker:"
"""How the trigger of an escalation about the tracker begins; the job follows."""

OPTIONS = ("retry", "leave")

WATCHED = frozenset({JobPhase.CLAIMED, JobPhase.RUNNING, JobPhase.SUBMITTED, JobPhase.WAITING_HUMAN})


def reason_of(run: Run, job: JobState) -> str:
    """The reason that the tracker is given, by which gitorch knows again what it closed itself."""
    return f"gitorch {run.id}: {job.spec.id} passed its gate at {(job.cleared or '')[:12]}"


def closed_by(run: Run, reason: str) -> bool:
    """Whether an issue was closed by this run."""
    return reason.startswith(f"gitorch {run.id}: ")


def issues_of(job: JobState) -> tuple[str, ...]:
    """What is to be closed for a job, its tasks before itself."""
    return (*job.spec.issue_tasks, job.spec.issue) if job.spec.issue else ()


def watched(run: Run) -> tuple[JobState, ...]:
    """Jobs whose issue must not be closed yet, and of which nobody noted that it is."""
    jobs = (j for j in run.jobs.values() if j.spec.issue and j.phase in WATCHED)
    return tuple(j for j in jobs if j.cleared is None and not j.closing.early)


def unsettled(job: JobState) -> bool:
    """Whether a job passed its gate and the tracker does not show it yet."""
    return bool(job.spec.issue) and job.phase is JobPhase.COMPLETED and not job.closing.settled


def _may_be_tried(run: Run, job: JobState) -> bool:
    """Whether a closing is left to try: a tracker refuses an issue before those that it waits for, so these are settled first."""
    if not unsettled(job) or job.closing.tries >= TRIES_MAX:
        return False
    return not any(unsettled(producer(run, need)) for need in job.spec.needs)


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
    asked = {q.trigger for q in open_questions(run)}
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
