"""An agent's brief as values, made of the parts that its text is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import REVIEWING
from gitorch.model.values import asdict
from gitorch.rules.messages.mail import unread
from gitorch.rules.review import ledgers
from gitorch.rules.review.endings import ending
from gitorch.rules.views.brief import (
    answer_of,
    answered_questions,
    constraints_of,
    job_base,
    joined,
    nonce_of,
    parts_of,
    results_of,
    subject_of,
)

if TYPE_CHECKING:
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.review import ListedFinding
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


def brief_data(
    run: Run,
    session: Session,
    section: str,
    done: tuple[str, ...] = (),
) -> dict[str, object]:
    """The brief as values, for `gitorch brief --json`. The keys never change meaning.

    `parts` are those that `text` is made of; the other keys are their facts, each as a value of its own.
    """
    job = run.jobs[session.job]
    parts = parts_of(run, session, section, done)
    scope = job.spec.scope
    branch, commit = _branch_and_commit(run, job)

    return {
        "run": run.id,
        "session": session.id,
        "job": job.spec.id,
        "kind": str(job.spec.kind),
        "title": job.spec.title,
        "role": job.spec.role,
        "attempt": subject_of(run, job).attempt,
        "subject": job.spec.subject or "",
        "stage": job.spec.role,
        "stage_number": job.spec.stage,
        "commit": commit,
        "base": job_base(run, job),
        "nonce": nonce_of(job),
        "branch": branch,
        "tasks": list(job.spec.tasks),
        "scope": {"allowed": list(scope.allowed), "forbidden": list(scope.forbidden)},
        **_lists(run, job),
        **_work_so_far(run, job),
        "done": list(done),
        "constraints": list(constraints_of(run, job)),
        "section": section.strip(),
        "test_command": run.settings.test_command,
        "parts": [asdict(part) for part in parts],
        "text": joined(parts),
    }


def _branch_and_commit(run: Run, job: JobState) -> tuple[str, str]:
    """The branch that an author works on, or the commit that a reviewer judges."""
    if job.spec.kind in REVIEWING:
        return "", run.judged_commit(job) or ""

    return run.branch_of(job.spec.id), ""


def _lists(run: Run, job: JobState) -> dict[str, object]:
    """What a job must answer, read and hand in."""
    return {
        "findings": [_finding_data(listed) for listed in job.findings_to_answer],
        "answers": [_answer_data(question) for question in answered_questions(run, job)],
        "reviews": [review.spec.id for review in run.reviews_of(job.spec.id)],
        "artifacts": [asdict(artifact) for artifact in job.spec.artifacts],
        "entries": [asdict(entry) for entry in ledgers.entries_for(run, job)],
        "messages": [asdict(message) for message in unread(run.messages, job.spec.id)],
    }


def _work_so_far(run: Run, job: JobState) -> dict[str, object]:
    """What was reported, tested and found before, of the job itself or of the one that it reviews."""
    subject = subject_of(run, job)
    return {
        "report": _report_data(subject),
        "check": _check_data(subject),
        "history": [_history_data(run, subject, listed) for listed in subject.findings],
        "results": [_result_data(other) for other in results_of(run, job)],
    }


def _report_data(subject: JobState) -> dict[str, object] | None:
    """The newest report of the job, or of the one that it reviews; None before the first."""
    handoff = subject.handoff
    if handoff is None:
        return None

    return {
        "status": str(handoff.status),
        "round": handoff.attempt,
        "commit": handoff.commit,
        "summary": handoff.summary,
        "tests_claimed": handoff.tests_claimed,
    }


def _check_data(subject: JobState) -> dict[str, object] | None:
    """The newest run of the tests; None before the first."""
    if subject.check is None:
        return None

    return {"outcome": subject.check.outcome, "command": subject.check.command, "commit": subject.check.commit}


def _history_data(run: Run, subject: JobState, listed: ListedFinding) -> dict[str, object]:
    """A finding of any round, how it ended, and the author's newest reply."""
    data = _finding_data(listed)
    data["end"] = ending(run, subject, listed).word
    data["reply"] = None if listed.reply is None else asdict(listed.reply)
    return data


def _result_data(job: JobState) -> dict[str, object]:
    """What one job of a phase reported, and its open findings."""
    open_findings = [_finding_data(listed) for listed in job.findings if listed.open]
    return {"job": job.spec.id, "report": _report_data(job), "findings": open_findings}


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
    return {"id": question.id, "question": question.text, "answer": answer_of(question)}
