"""The questions that an agent's report leaves for people: about missing context, concerns, deferred findings, a blocker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import events
from gitorch.model.ids import QuestionId
from gitorch.model.work.artifact import EscalationKind
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Disposition, ReportStatus, Severity
from gitorch.rules.messages.tried import tried_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model import commands
    from gitorch.model.events import Event
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Finding
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

    Asked = tuple[QuestionKind, tuple[str, ...], int, str]
    """Kind, options, number of the concern or finding, and text."""

CONCERN_OPTIONS = ("accept", "follow_up", "push_back")
DEFERRED_OPTIONS = ("defer", "waive", "fix")
BLOCKED_OPTIONS = ("cleared", "stop_epic", "stop_run")


def questions_of(run: Run, session: Session, job: JobState, command: commands.SubmitHandoff) -> tuple[Event, ...]:
    """The questions that a report leaves for people, numbered one after the other."""
    asked = [*_context_questions(command), *_concern_questions(command), *_deferral_questions(job, command)]
    number = len(run.questions)
    found: list[Event] = []
    for kind, options, about, text in asked:
        number += 1
        question = QuestionId(f"q{number}")
        found.append(events.QuestionAsked(question, kind, job.spec.id, session.id, options, about, text))

    if command.status is ReportStatus.BLOCKED:
        found += _blocker(run, QuestionId(f"q{number + 1}"), session, command)

    return tuple(found)


def _context_questions(command: commands.SubmitHandoff) -> Iterator[Asked]:
    """A question for each one that the agent needs answered before it can go on."""
    if command.status is not ReportStatus.NEEDS_CONTEXT:
        return

    for text in command.questions:
        yield QuestionKind.CONTEXT, (), 0, text


def _concern_questions(command: commands.SubmitHandoff) -> Iterator[Asked]:
    """A question for each concern, numbered from 1."""
    for number, text in enumerate(command.concerns, 1):
        yield QuestionKind.CONCERN, CONCERN_OPTIONS, number, text


def _deferral_questions(job: JobState, command: commands.SubmitHandoff) -> Iterator[Asked]:
    """A question for each finding that the author wants to put off."""
    for reply in command.replies:
        if reply.disposition is not Disposition.DEFERRED:
            continue

        finding = _described(job, reply.number)
        text = f"{job.spec.id} wants to put off finding {finding}: {reply.evidence}"
        yield QuestionKind.DEFERRED, DEFERRED_OPTIONS, reply.number, text


def _described(job: JobState, number: int) -> str:
    """A finding as a question shows it: `#4 (minor, c.py:1) “a long name”`; only its number if the job has no such finding."""
    for listed in job.findings:
        if listed.number == number:
            return f"#{number} {_in_short(listed.finding)}"

    return f"#{number}"


def _in_short(finding: Finding) -> str:
    """A finding's severity, place and title: `(minor, c.py:1) “a long name”`."""
    details = str(finding.severity)
    if finding.place:
        details = f"{details}, {finding.place}"

    return f"({details}) “{finding.title}”"


def _blocker(run: Run, question: QuestionId, session: Session, command: commands.SubmitHandoff) -> Iterator[Event]:
    """The escalation of a blocker; its kind and severity follow if they are not the usual ones."""
    yield _blocked(run, question, session, command)
    kind, severity = command.blocker_kind, command.blocker_severity
    if (kind, severity) != (EscalationKind.AI_SELF_DECLARED, Severity.BLOCKING):
        yield events.BlockerSorted(question, session.job, kind, severity)


def _blocked(run: Run, question: QuestionId, session: Session, command: commands.SubmitHandoff) -> events.Escalated:
    """The question to a human about a blocker that an agent reported; the agent's own words are evidence, no account of tries."""
    job = run.jobs[session.job]
    return events.Escalated(
        question=question,
        trigger=f"blocked:{job.spec.id}:{job.attempt}",
        job=job.spec.id,
        session=session.id,
        happened=f"{job.spec.id} is blocked: {command.blocker}",
        tried=tried_at(run, job),
        options=BLOCKED_OPTIONS,
        evidence=_blocked_evidence(command),
        text=f"Is the blocker of {job.spec.id} cleared, should it be stopped, or should the run stop?",
    )


def _blocked_evidence(command: commands.SubmitHandoff) -> str:
    """What the agent says would clear its blocker, and what else it said."""
    clears = f"what would clear it: {command.clears}"
    if not command.summary:
        return clears

    return f"{clears}\nthe agent says: {command.summary}"
