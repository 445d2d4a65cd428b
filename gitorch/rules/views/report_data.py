"""The merge report for programs: the same facts as its text, as JSON whose keys never change meaning."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitorch.model.question import QuestionKind
from gitorch.rules.review.endings import ending
from gitorch.rules.workflows.tracked import issues_of

if TYPE_CHECKING:
    from gitorch.model.commands import MergeFacts
    from gitorch.model.job import JobState
    from gitorch.model.question import Question
    from gitorch.model.report import BranchFacts
    from gitorch.model.review import Check, ListedFinding, Verdict
    from gitorch.model.run import Run

FORM = "merge-report/1"


def report_json(run: Run, facts: MergeFacts) -> str:
    """The report as JSON. The same facts give the same text; the report's own text names its digest."""
    branches = {b.job: b for b in facts.branches}
    data = {
        "form": FORM,
        "run": run.id,
        "title": run.title,
        "plan": run.plan,
        "plan_digest": run.plan_digest,
        "target": run.target,
        "target_commit": facts.target_commit,
        "merged_commit": facts.merged_commit,
        "merged_tree": facts.merged_tree,
        "branches": [branch_data(run, j, branches[j.spec.id]) for j in run.merge_jobs if j.spec.id in branches],
        "not_merged": [{"job": j.spec.id, "phase": str(j.phase)} for j in run.unmerged_jobs],
        "conflicts": list(facts.conflicts),
        "shared_paths": list(facts.shared_paths),
        "pairs": [{"jobs": list(t.jobs), "paths": list(t.paths), "conflicts": list(t.conflicts)} for t in facts.trials],
        "tests": None if facts.combined is None else _check(facts.combined),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def branch_data(run: Run, job: JobState, facts: BranchFacts) -> dict[str, object]:
    """One branch: what git says of it, what its author reported, how it was tested, judged and answered for."""
    handoff = job.handoff
    return {
        "job": job.spec.id,
        "title": job.spec.title,
        "branch": facts.branch,
        "commit": facts.commit,
        "commits": facts.commits,
        "files": facts.files,
        "lines_added": facts.added,
        "lines_removed": facts.removed,
        "paths": list(facts.paths),
        "conflicts_with_target": list(facts.against_target),
        "built_on_earlier": list(facts.outdated),
        "status": "" if handoff is None else str(handoff.status),
        "round": job.attempt,
        "summary": "" if handoff is None else handoff.summary,
        "tests_claimed": "" if handoff is None else handoff.tests_claimed,
        "tests": [_check(check) for check in job.checks],
        "verdicts": [_verdict(verdict) for verdict in job.verdicts],
        "missing_reviews": list(run.missing_reviews(job)),
        "findings": [_finding(run, job, listed) for listed in sorted(job.findings, key=lambda x: x.number)],
        "answers": [_answer(q) for q in answered(run, job)],
        "tracker": _tracker(job) if job.spec.issue else None,
    }


def answered(run: Run, job: JobState) -> tuple[Question, ...]:
    """What people answered about a job, approvals aside."""
    asked = (q for q in run.questions.values() if q.job == job.spec.id and q.answer is not None)
    return tuple(q for q in asked if q.kind is not QuestionKind.APPROVAL)


def _tracker(job: JobState) -> dict[str, object]:
    closing = job.closing
    return {
        "issue": job.spec.issue,
        "closed_early": closing.early,
        "closed": list(closing.closed),
        "owed": list(closing.owed) if closing.settled else list(issues_of(job)),
        "reason": closing.reason,
    }


def _check(check: Check) -> dict[str, object]:
    return {
        "commit": check.commit,
        "command": check.command,
        "outcome": check.outcome,
        "exit_status": check.exit_status,
        "seconds": round(check.seconds, 1),
        "log": check.log,
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "review": verdict.review,
        "round": verdict.round,
        "commit": verdict.commit,
        "verdict": str(verdict.choice),
        "session": verdict.session,
        "runtime": verdict.runtime,
    }


def _finding(run: Run, job: JobState, listed: ListedFinding) -> dict[str, object]:
    found, reply, end = listed.finding, listed.reply, ending(run, job, listed)
    return {
        "number": listed.number,
        "severity": str(found.severity),
        "path": found.path,
        "line": found.line,
        "title": found.title,
        "review": listed.review,
        "end": end.word,
        "end_by": end.by,
        "end_why": end.why,
        "disposition": "" if reply is None else str(reply.disposition),
        "evidence": "" if reply is None else reply.evidence,
    }


def _answer(question: Question) -> dict[str, object]:
    answer = question.answer
    return {
        "question": question.id,
        "kind": str(question.kind),
        "asked": question.happened or question.text,
        "option": "" if answer is None else answer.option,
        "text": "" if answer is None else answer.text,
        "by": "" if answer is None else answer.by,
    }
