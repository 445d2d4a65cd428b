"""The merge report as JSON: the same facts as its text, under keys that never change meaning."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gitorch.model.values import asdict
from gitorch.model.work.artifact import ArtifactKind
from gitorch.model.work.question import QuestionKind
from gitorch.rules.review.endings import ending
from gitorch.rules.review.ledgers import newest_artifact
from gitorch.rules.views.change_remarks import remarks
from gitorch.rules.views.path_areas import areas_of
from gitorch.rules.workflows.tracked import issues_of

if TYPE_CHECKING:
    from gitorch.model.commands import MergeFacts
    from gitorch.model.work.artifact import Entry
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import BranchFacts, FileChange, OutsideChange, Trial
    from gitorch.model.work.review import Check, Finding, Handoff, ListedFinding, Verdict
    from gitorch.model.work.run import Run
    from gitorch.rules.views.change_remarks import Remark

FORM = "merge-report/1"


def report_json(run: Run, facts: MergeFacts) -> str:
    """The report as JSON. The same facts always give the same text, whose digest the Markdown report names."""
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
        "branches": _branches(run, facts),
        "not_merged": [unmerged_data(run, job) for job in run.unmerged_jobs],
        "conflicts": list(facts.conflicts),
        "shared_paths": list(facts.shared_paths),
        "pairs": [_pair(trial) for trial in facts.trials],
        "tests": _combined_tests(facts),
        "changed_settings": list(facts.changed_settings),
        "outside": [_outside_change(change) for change in facts.outside],
        "redone": list(map(asdict, facts.redone)),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _branches(run: Run, facts: MergeFacts) -> list[dict[str, object]]:
    """The data of each merged branch, in the order of the merge."""
    by_job = {branch.job: branch for branch in facts.branches}
    branches = []

    for job in run.merge_jobs:
        if job.spec.id in by_job:
            branches += [branch_data(run, job, by_job[job.spec.id])]

    return branches


def unmerged_data(run: Run, job: JobState) -> dict[str, object]:
    """One job that is not merged: why, and what its author, the tests and the reviews said about it."""
    data: dict[str, object] = {"job": job.spec.id, "phase": str(job.phase), "reason": job.trouble}
    data |= {"title": job.spec.title, "branch": run.branch_of(job.spec.id), "commit": submitted_commit(job)}
    data |= _handoff(run, job)
    findings = [_finding(run, job, listed) for listed in findings_of(job)]
    findings += [_unlisted(verdict, finding) for verdict, finding in unlisted_findings(job)]
    data |= {
        "tests": [_check(check) for check in job.checks],
        "verdicts": [_verdict(verdict) for verdict in job.verdicts],
        "findings": findings,
    }
    return data


def submitted_commit(job: JobState) -> str:
    """The commit that the author reported last; empty without a report."""
    if job.handoff is None:
        return ""

    return job.handoff.commit


def findings_of(job: JobState) -> list[ListedFinding]:
    """The listed findings of a job by their numbers."""
    return sorted(job.findings, key=lambda listed: listed.number)


def unlisted_findings(job: JobState) -> tuple[tuple[Verdict, Finding], ...]:
    """The findings of the last round that got no number, because the round ended with a rejection; each with its verdict."""
    numbered = {listed.round for listed in job.findings}
    found = []
    for verdict in job.round_verdicts:
        if verdict.round not in numbered:
            found += [(verdict, finding) for finding in verdict.findings]

    return tuple(found)


def _unlisted(verdict: Verdict, finding: Finding) -> dict[str, object]:
    """A finding without a number, which nobody answered."""
    return {
        "number": 0,
        "severity": str(finding.severity),
        "path": finding.path,
        "line": finding.line,
        "title": finding.title,
        "review": verdict.review,
        "end": "open",
        "end_by": "",
        "end_why": "",
        "end_note": "",
        "disposition": "",
        "evidence": "",
    }


def _pair(trial: Trial) -> dict[str, object]:
    """A trial merge of two branches."""
    return {
        "jobs": list(trial.jobs),
        "paths": list(trial.paths),
        "conflicts": list(trial.conflicts),
    }


def _outside_change(change: OutsideChange) -> dict[str, object]:
    """A change outside the work branches; `before` and `after` are empty for what was not there."""
    return {
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "commits": list(change.commits),
        "rewritten": change.rewritten,
    }


def _combined_tests(facts: MergeFacts) -> dict[str, object] | None:
    """The tests of the merged tree; None when it was not tested."""
    if facts.combined is None:
        return None

    return _check(facts.combined)


def branch_data(run: Run, job: JobState, facts: BranchFacts) -> dict[str, object]:
    """One branch: what git shows, what its author reported, its tests, verdicts, findings and answers."""
    data: dict[str, object] = {
        "job": job.spec.id,
        "title": job.spec.title,
        "branch": facts.branch,
        "commit": facts.commit,
        "commits": facts.commits,
        "files": facts.files,
        "lines_added": facts.added,
        "lines_removed": facts.removed,
        "paths": list(facts.paths),
        "changes": [_change(change) for change in facts.changes],
        "look_at": [_remark(remark) for remark in remarks(run, job, facts)],
        "conflicts_with_target": list(facts.against_target),
        "built_on_earlier": list(facts.outdated),
    }
    data |= _handoff(run, job)
    data |= {
        "tests": [_check(check) for check in job.checks],
        "verdicts": [_verdict(verdict) for verdict in job.verdicts],
        "missing_reviews": list(run.missing_reviews(job)),
        "findings": [_finding(run, job, listed) for listed in findings_of(job)],
        "answers": [_answer(question) for question in answered(run, job)],
        "answered_findings": [asdict(entry) for entry in answered_entries(run, job)],
        "tracker": _tracker(job),
    }

    return data


def _change(change: FileChange) -> dict[str, object]:
    """One changed file."""
    return {
        "path": change.path,
        "how": str(change.how),
        "before": change.before,
        "lines_added": change.added,
        "lines_removed": change.removed,
        "binary": change.binary,
        "mode": change.mode,
        "size": change.size,
        "areas": [str(area) for area in areas_of(change.path)],
    }


def _remark(remark: Remark) -> dict[str, object]:
    """One thing to look at."""
    return {"kind": remark.kind, "details": list(remark.details)}


def author_of(run: Run, handoff: Handoff) -> str:
    """The session that reported, with its runtime and model: `s1 (claude, opus)`; empty for a report of an older ledger that names none."""
    if handoff.session is None:
        return ""

    return f"{handoff.session} ({_program(run.sessions[handoff.session].runtime, handoff.model)})"


def reviewer_of(verdict: Verdict) -> str:
    """The review of a verdict, the session that gave it, its runtime and model: `api.spec by s6 (codex, gpt-5.5)`."""
    return f"{verdict.review} by {verdict.session} ({_program(verdict.runtime, verdict.model)})"


def _program(runtime: str, model: str) -> str:
    """A runtime, with the model if that is known."""
    if not model:
        return runtime

    return f"{runtime}, {model}"


def _handoff(run: Run, job: JobState) -> dict[str, object]:
    """The author's report; its texts are empty without one."""
    data: dict[str, object] = {"status": "", "round": job.attempt, "summary": "", "tests_claimed": "", "author": ""}
    handoff = job.handoff
    if handoff is not None:
        data |= {
            "status": str(handoff.status),
            "summary": handoff.summary,
            "tests_claimed": handoff.tests_claimed,
            "author": author_of(run, handoff),
        }

    return data


def answered(run: Run, job: JobState) -> tuple[Question, ...]:
    """The questions about a job that people answered, without approvals, oldest first."""
    questions = []
    for question in run.questions.values():
        if question.job != job.spec.id or question.answer is None:
            continue

        if question.kind is not QuestionKind.APPROVAL:
            questions += [question]

    return tuple(questions)


def answered_entries(run: Run, job: JobState) -> tuple[Entry, ...]:
    """The findings of reviews that the job's newest synthesis answers, each with its answer; none without a synthesis."""
    synthesis = newest_artifact(run, job.spec.id, ArtifactKind.SYNTHESIS)
    if synthesis is None:
        return ()

    return synthesis.entries


def _tracker(job: JobState) -> dict[str, object] | None:
    """The state of the job's issue in the tracker; None for a job without an issue."""
    if not job.spec.issue:
        return None

    closing = job.closing
    owed = issues_of(job)
    if closing.settled:
        owed = closing.owed

    return {
        "issue": job.spec.issue,
        "closed_early": closing.early,
        "closed": list(closing.closed),
        "owed": list(owed),
        "reason": closing.reason,
    }


def _check(check: Check) -> dict[str, object]:
    """A test run."""
    return {
        "commit": check.commit,
        "command": check.command,
        "outcome": check.outcome,
        "exit_status": check.exit_status,
        "seconds": round(check.seconds, 1),
        "log": check.log,
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    """A reviewer's verdict."""
    return {
        "review": verdict.review,
        "round": verdict.round,
        "commit": verdict.commit,
        "verdict": str(verdict.choice),
        "session": verdict.session,
        "runtime": verdict.runtime,
    }


def _finding(run: Run, job: JobState, listed: ListedFinding) -> dict[str, object]:
    """A finding, how it ended, and the author's reply."""
    finding = listed.finding
    end = ending(run, job, listed)
    data: dict[str, object] = {
        "number": listed.number,
        "severity": str(finding.severity),
        "path": finding.path,
        "line": finding.line,
        "title": finding.title,
        "review": listed.review,
        "end": end.word,
        "end_by": end.by,
        "end_why": end.why,
        "end_note": end.note,
        "disposition": "",
        "evidence": "",
    }
    if listed.reply is not None:
        data |= {"disposition": str(listed.reply.disposition), "evidence": listed.reply.evidence}

    return data


def _answer(question: Question) -> dict[str, object]:
    """A question and its answer."""
    data: dict[str, object] = {
        "question": question.id,
        "kind": str(question.kind),
        "asked": question.happened or question.text,
        "option": "",
        "text": "",
        "by": "",
    }
    answer = question.answer
    if answer is not None:
        data |= {"option": answer.option, "text": answer.text, "by": answer.by}

    return data
