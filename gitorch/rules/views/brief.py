"""An agent's brief, as text and as values. Both are pure functions of a run's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import REVIEWING, JobKind
from gitorch.model.values import Value
from gitorch.model.work.question import QuestionKind
from gitorch.rules.messages.mail import unread, unread_line
from gitorch.rules.review import ledger_pages
from gitorch.rules.views.brief_templates import (
    JUDGING,
    JUDGING_BY_HAND,
    MESSAGES,
    NO_SUMMARY,
    REPORTING,
    REPORTING_BY_HAND,
    REPORTING_TO_HOST,
    STAGES,
    SYNTHESIS,
)
from gitorch.rules.views.finding_lines import finding_line, findings_text, history_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.review import Handoff
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

BRIEF_PATH = ".gitorch/brief.md"
"""The path of a session's brief in its worktree."""

BRIEF_VALUES_PATH = ".gitorch/brief.json"
"""The path of the same brief as JSON, for an agent that cannot read the ledger."""

ANSWERED_TO_AGENTS = frozenset({QuestionKind.CONTEXT, QuestionKind.ESCALATION})
"""Kinds of questions whose answers an agent reads; the others are about its work, not for it."""


def brief_text(run: Run, session: Session, section: str, done: tuple[str, ...]) -> str:
    """The whole brief of a session as Markdown: what to do, what is done already, and how to report.

    It is complete also after a restart. `section` is the job's own part of the plan, `done` are the
    commits that its branch already has, one line each.
    """
    return joined(parts_of(run, session, section, done))


class BriefPart(Value):
    """One part of a brief. Text and JSON are made from the same parts."""

    name: str
    """`title`, `assignment`, `limits`, `section`, `answers`, `messages` or `reporting`."""
    text: str
    """The part as Markdown, with its heading."""


def joined(parts: Iterable[BriefPart]) -> str:
    """The parts as one text."""
    return "\n\n".join(part.text for part in parts) + "\n"


def parts_of(run: Run, session: Session, section: str, done: tuple[str, ...]) -> tuple[BriefPart, ...]:
    """The parts of a brief in their order; those without content are left out."""
    job = run.jobs[session.job]
    answers = answered_questions(run, job)
    messages = "\n".join(unread_line(message) for message in unread(run.messages, job.spec.id))
    parts = (
        BriefPart("title", f"# {job.spec.id}: {job.spec.title}"),
        BriefPart("assignment", "\n\n".join(_assignment(run, job, done))),
        BriefPart("limits", _under("Limits of your lane", _bullets(constraints_of(run, job)))),
        BriefPart("section", _under("The brief", section.strip())),
        BriefPart("answers", _under("Answers to your questions", answers_text(answers))),
        BriefPart("messages", _under("Messages for you", messages)),
        BriefPart("reporting", f"{_how_to_report(run, session, job)}\n\n{MESSAGES}"),
    )
    return tuple(part for part in parts if part.text)


def _under(heading: str, text: str) -> str:
    """A text below its heading; empty without text."""
    if not text:
        return ""
    return f"## {heading}\n\n{text}"


def constraints_of(run: Run, job: JobState) -> tuple[str, ...]:
    """The limits of the job's lane."""
    return run.workflow.lanes[job.spec.lane].constraints


def _assignment(run: Run, job: JobState, done: tuple[str, ...]) -> list[str]:
    """The first parts of a brief, by kind of job."""
    if job.spec.kind is JobKind.PHASE_SYNTHESIS:
        return _synthesis_parts(run, job)

    if job.spec.kind in REVIEWING:
        return _review_parts(run, job)

    return _work_parts(run, job, done)


def _synthesis_parts(run: Run, job: JobState) -> list[str]:
    """The results of a phase, job by job, with the findings that its gates let through."""
    parts = [
        SYNTHESIS.format(
            phase=job.spec.phase,
            commit=job.base,
            target=run.target_commit,
        )
    ]
    for other in results_of(run, job):
        parts += _result_parts(other)

    return parts


def results_of(run: Run, job: JobState) -> list[JobState]:
    """The other jobs of the phase that a synthesis closes; none for a job of another kind."""
    if job.spec.kind is not JobKind.PHASE_SYNTHESIS:
        return []

    return [other for other in run.jobs.values() if other.spec.phase == job.spec.phase and other is not job]


def _result_parts(job: JobState) -> list[str]:
    """What one job of a phase reported, and its open findings."""
    if job.handoff is None:
        return []

    heading = f"### {job.spec.id} at `{job.handoff.commit}`"
    parts = [f"{heading}\n\n{_summary_of(job.handoff)}"]
    if job.findings:
        parts.append(_open_findings(job))

    return parts


def _open_findings(job: JobState) -> str:
    """The findings that the gate of a job let through."""
    lines = []
    for listed in job.findings:
        if listed.open:
            lines.append(finding_line(listed))

    if not lines:
        return "No finding is open."

    return "\n".join(lines)


def _summary_of(handoff: Handoff) -> str:
    """The author's summary, or a word that there is none."""
    return handoff.summary.strip() or NO_SUMMARY


def _bullets(lines: tuple[str, ...]) -> str:
    """The lines as a Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


def _work_parts(run: Run, job: JobState, done: tuple[str, ...]) -> list[str]:
    """What to implement, within which bounds, and what earlier rounds left.

    The agent may be a new one, so everything that earlier rounds reported and found is repeated.
    """
    parts = _bounds(run, job)
    if done:
        parts += ["## Already on your branch", _bullets(done)]

    if job.handoff is not None:
        report = f"{job.handoff.status} at `{job.handoff.commit}`: {_summary_of(job.handoff)}"
        parts += [f"## Your report in round {job.handoff.attempt}", report]

    if job.attempt > 1:
        # One level below the heading that the findings have in a file of their own.
        parts.append(f"#{findings_text(run, job).strip()}")

    return [*parts, *ledger_pages.brief_parts(run, job)]


def _bounds(run: Run, job: JobState) -> list[str]:
    """The branch, the write scope and the tests of a job."""
    branch = run.branch_of(job.spec.id)
    scope = job.spec.scope
    parts = [f"Implement this on branch `{branch}`, in this worktree and nowhere else."]
    if scope.allowed:
        parts.append(f"You may change only: {', '.join(scope.allowed)}.")

    if scope.forbidden:
        parts.append(f"You must not change: {', '.join(scope.forbidden)}.")

    if run.settings.test_command:
        parts.append(f"gitorch tests your commit with: `{run.settings.test_command}`")

    return parts


def _review_parts(run: Run, job: JobState) -> list[str]:
    """What to judge, what its author reported, how the tests went, and what earlier rounds found.

    The author's claim and the measured result stand beside each other, so that the reviewer can compare
    them.
    """
    subject = subject_of(run, job)
    handoff = subject.handoff
    if handoff is None:
        return ["There is nothing to review yet."]

    changes = f"git diff {job_base(run, job)}..{handoff.commit}"
    parts = [
        f"You review `{subject.spec.id}` (round {subject.attempt}), which another agent wrote.",
        STAGES.get(job.spec.role, job.spec.role),
        f"Judge exactly commit `{handoff.commit}`, which is checked out in this worktree. Its changes: `{changes}`",
        f"## The author's report\n\n{handoff.status}: {_summary_of(handoff)}",
    ]
    if handoff.tests_claimed:
        parts.append(f"Tests, as the author reports them: {handoff.tests_claimed}")

    if subject.check is not None:
        result = f"{subject.check.outcome} (`{subject.check.command}`)"
        parts.append(f"Tests, as gitorch ran them on a clean checkout: {result}")

    if subject.attempt > 1:
        parts.append(history_text(run, subject))

    return parts


def subject_of(run: Run, job: JobState) -> JobState:
    """The job that a review judges; any other job itself."""
    if job.spec.subject is None:
        return job

    return run.jobs[job.spec.subject]


def job_base(run: Run, job: JobState) -> str:
    """The commit from which the changes of a job, or of the job that it reviews, are measured.

    Without a base of its own that is the target's commit at the start of the run.
    """
    return subject_of(run, job).base or run.target_commit


def _how_to_report(run: Run, session: Session, job: JobState) -> str:
    """The instructions for the report.

    A review ends with a verdict, other work with a handoff. A job that was claimed by hand is named in
    the command, because its holder has no session that names it.
    """
    if job.spec.kind in REVIEWING:
        return _how_to_judge(run, session, job)

    if session.holder:
        return REPORTING_BY_HAND.format(job=job.spec.id)

    if run.is_committed_by_host(job):
        return REPORTING_TO_HOST

    return REPORTING


def _how_to_judge(run: Run, session: Session, job: JobState) -> str:
    """The instructions for a verdict."""
    if session.holder:
        return JUDGING_BY_HAND.format(job=job.spec.id)

    return JUDGING.format(commit=run.judged_commit(job) or "", nonce=nonce_of(job))


def nonce_of(job: JobState) -> str:
    """The nonce of the job's lease; empty without a lease."""
    if job.lease is None:
        return ""

    return job.lease.nonce


def answered_questions(run: Run, job: JobState) -> tuple[Question, ...]:
    """The answered questions of a job whose answers its agent reads, oldest first."""
    answered = []
    for question in run.questions.values():
        if question.job != job.spec.id or question.answer is None:
            continue

        if question.kind not in ANSWERED_TO_AGENTS:
            continue

        answered.append(question)

    return tuple(answered)


def answers_text(questions: tuple[Question, ...]) -> str:
    """Each question with its answer below it."""
    lines = []
    for question in questions:
        lines.append(f"- {question.happened or question.text}")
        lines.append(f"  → {answer_of(question)}")

    return "\n".join(lines)


def answer_of(question: Question) -> str:
    """The answer to a question; empty when there is none."""
    if question.answer is None:
        return ""

    return question.answer.summary
