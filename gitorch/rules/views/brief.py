"""An agent's brief, as text and as values. Both are pure functions of a run's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import REVIEWING, JobKind
from gitorch.model.work.question import QuestionKind
from gitorch.rules.review import ledgers
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
from gitorch.rules.views.mail import unread, unread_line

if TYPE_CHECKING:
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.review import Handoff, ListedFinding
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
    job = run.jobs[session.job]
    parts = [f"# {job.spec.id}: {job.spec.title}"]
    parts += _assignment(run, job, done)

    constraints = run.workflow.lanes[job.spec.lane].constraints
    if constraints:
        parts += ["## Limits of your lane", _bullets(constraints)]

    if section.strip():
        parts += ["## The brief", section.strip()]

    answers = answered_questions(run, job)
    if answers:
        parts += ["## Answers to your questions", answers_text(answers)]

    messages = unread(run.messages, job.spec.id)
    if messages:
        parts += ["## Messages for you", "\n".join(unread_line(message) for message in messages)]

    parts += [_how_to_report(run, session, job), MESSAGES]
    return "\n\n".join(parts) + "\n"


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
    for other in run.jobs.values():
        if other.spec.phase == job.spec.phase and other.spec.id != job.spec.id:
            parts += _result_parts(other)

    return parts


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

    return [*parts, *ledgers.brief_parts(run, job)]


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
    subject = _subject_of(run, job)
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


def _subject_of(run: Run, job: JobState) -> JobState:
    """The job that a review judges; any other job itself."""
    if job.spec.subject is None:
        return job

    return run.jobs[job.spec.subject]


def job_base(run: Run, job: JobState) -> str:
    """The commit from which the changes of a job, or of the job that it reviews, are measured.

    Without a base of its own that is the target's commit at the start of the run.
    """
    return _subject_of(run, job).base or run.target_commit


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

    return JUDGING.format(commit=run.judged_commit(job) or "", nonce=_nonce(job))


def _nonce(job: JobState) -> str:
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
        lines.append(f"  → {_answer_of(question)}")

    return "\n".join(lines)


def _answer_of(question: Question) -> str:
    """The answer to a question; empty when there is none."""
    if question.answer is None:
        return ""

    return question.answer.summary


def brief_data(
    run: Run,
    session: Session,
    section: str,
    done: tuple[str, ...] = (),
) -> dict[str, object]:
    """The brief as values, for `gitorch brief --json`. The keys never change meaning."""
    job = run.jobs[session.job]
    scope = job.spec.scope
    branch, commit = _branch_and_commit(run, job)

    return {
        "run": run.id,
        "session": session.id,
        "job": job.spec.id,
        "kind": str(job.spec.kind),
        "title": job.spec.title,
        "role": job.spec.role,
        "attempt": _subject_of(run, job).attempt,
        "subject": job.spec.subject or "",
        "stage": job.spec.role,
        "commit": commit,
        "base": job_base(run, job),
        "nonce": _nonce(job),
        "branch": branch,
        "tasks": list(job.spec.tasks),
        "scope": {"allowed": list(scope.allowed), "forbidden": list(scope.forbidden)},
        "findings": [_finding_data(listed) for listed in job.findings_to_answer],
        "answers": [_answer_data(question) for question in answered_questions(run, job)],
        "reviews": [review.spec.id for review in run.reviews_of(job.spec.id)],
        "done": list(done),
        "text": brief_text(run, session, section, done),
    }


def _branch_and_commit(run: Run, job: JobState) -> tuple[str, str]:
    """The branch that an author works on, or the commit that a reviewer judges."""
    branch, commit = run.branch_of(job.spec.id), ""
    if job.spec.kind in REVIEWING:
        branch, commit = "", run.judged_commit(job) or ""
    return branch, commit


def _finding_data(listed: ListedFinding) -> dict[str, object]:
    """A finding with its number and everybody who raised it."""
    finding = listed.finding
    return {
        "number": listed.number,
        "severity": str(finding.severity),
        "title": finding.title,
        "path": finding.path,
        "line": finding.line,
        "detail": finding.detail,
        "quote": finding.quote,
        "doubt": finding.doubt,
        "review": listed.review,
        "also": list(listed.also),
    }


def _answer_data(question: Question) -> dict[str, object]:
    """A question with its answer."""
    return {"id": question.id, "question": question.text, "answer": _answer_of(question)}
