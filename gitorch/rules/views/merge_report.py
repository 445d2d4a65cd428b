"""The merge report as Markdown: the measured facts that an approval binds to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.rules.outside import outside_lines
from gitorch.rules.review.endings import ending
from gitorch.rules.views.report_data import answered, report_json
from gitorch.rules.workflows.tracked import closing_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import MergeFacts
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.report import BranchFacts, Trial
    from gitorch.model.work.review import Check, Handoff, ListedFinding, Verdict
    from gitorch.model.work.run import Run

PATHS_SHOWN = 20
"""How many changed files a branch lists."""


def report_text(run: Run, facts: MergeFacts) -> str:
    """The report as Markdown, which is what an approval binds to.

    The same facts always give the same text, so that its digest, and that of its JSON, stand for them.
    """
    parts = [
        f"# Merge report: {run.title}",
        f"Run `{run.id}`, plan `{run.plan}` ({run.plan_digest})",
        f"Target `{run.target}` at `{facts.target_commit}`; after the merge: `{facts.merged_commit or 'nothing'}`.",
        f"## Branches\n\n{_table(facts.branches)}",
    ]
    parts += _branch_parts(run, facts)
    unmerged = [f"- {job.spec.id}: {job.phase}" for job in run.unmerged_jobs]
    if unmerged:
        parts.append("## Not in this merge\n\n" + "\n".join(unmerged))

    parts.append("## All branches together\n\n" + _together(facts))
    if facts.outside:
        parts.append("## Outside the work branches\n\n" + _outside(facts))

    parts.append(f"The same facts as JSON: `report.json`, {sha256(report_json(run, facts))}.")
    return "\n\n".join(parts) + "\n"


def _branch_parts(run: Run, facts: MergeFacts) -> Iterator[str]:
    """The part of each branch, in the order of the merge."""
    branches = {branch.job: branch for branch in facts.branches}
    for job in run.merge_jobs:
        if job.spec.id in branches:
            yield branch_part(run, job, branches[job.spec.id])


def epic_report_text(run: Run, job: JobState, facts: BranchFacts) -> str:
    """The report of one epic whose reviews are over."""
    parts = [
        f"# Epic report: {job.spec.title}",
        f"Run `{run.id}`, branch `{facts.branch}` at `{facts.commit}`.",
        _table((facts,)),
        branch_part(run, job, facts),
    ]
    return "\n\n".join(parts) + "\n"


def sha256(text: str) -> str:
    """The digest of a text in the form that the ledger uses."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def merge_message(run: Run, job: JobState) -> str:
    """The commit message of a merged branch: its title, its author's summary, and trailers that name the reviews.

    gitorch writes the last paragraph, so nothing in an agent's summary can pass for a trailer.
    """
    title = " ".join(f"Merge {job.spec.id}: {job.spec.title}".split())
    paragraphs = [title]
    summary = _printable_summary(job)
    if summary:
        paragraphs.append(summary)

    paragraphs.append("\n".join(_trailers(run, job)))
    return "\n\n".join(paragraphs) + "\n"


def _trailers(run: Run, job: JobState) -> Iterator[str]:
    """The run, the job, and each review of the commit that is merged."""
    yield f"Gitorch-Run: {run.id}"
    yield f"Gitorch-Job: {job.spec.id}"

    for verdict in job.verdicts:
        if verdict.commit == job.cleared:
            yield f"Gitorch-Review: {_reviewer(verdict)}"


def _printable_summary(job: JobState) -> str:
    """The author's summary without control characters; empty without a handoff."""
    if job.handoff is None:
        return ""

    lines = []
    for line in job.handoff.summary.strip().splitlines():
        printable = "".join(filter(str.isprintable, line))
        lines.append(printable.rstrip())

    return "\n".join(lines)


def _reviewer(verdict: Verdict) -> str:
    """The review, the session and the runtime of a verdict."""
    return f"{verdict.review} by {verdict.session} ({verdict.runtime})"


def _table(branches: tuple[BranchFacts, ...]) -> str:
    """One row for each branch: its commit and the size of its changes."""
    rows = ["| branch | commit | commits | files | lines |", "|---|---|---|---|---|"]
    for branch in branches:
        size = f"{branch.commits} | {branch.files} | +{branch.added} −{branch.removed}"
        rows.append(f"| `{branch.branch}` | `{branch.commit}` | {size} |")

    return "\n".join(rows)


def branch_part(run: Run, job: JobState, facts: BranchFacts) -> str:
    """One branch as Markdown: its report, tests, verdicts, findings and answers, and what git shows about it.

    Findings come in the order of their numbers, everything else in the order in which it happened.
    """
    lines = [f"## {job.spec.id}: {job.spec.title}", ""]
    if job.handoff is not None:
        lines += _handoff_lines(job, job.handoff)

    lines += _judgement_lines(run, job)
    lines += _git_lines(run, job, facts)
    return "\n".join(lines)


def _handoff_lines(job: JobState, handoff: Handoff) -> list[str]:
    """What the author reported."""
    return [
        f"{handoff.status} in round {job.attempt}: {_first_line(handoff.summary)}",
        "",
        f"- tests as reported: {handoff.tests_claimed or 'none reported'}",
    ]


def _judgement_lines(run: Run, job: JobState) -> Iterator[str]:
    """Test runs, verdicts, missing reviews, findings, and people's answers."""
    for check in job.checks:
        yield f"- tests as run: {check.summary} (`{check.command}`){_log(check)}"

    for verdict in job.verdicts:
        yield f"- round {verdict.round}, {_reviewer(verdict)} at `{verdict.commit[:12]}`: {verdict.choice}"

    for review in run.missing_reviews(job):
        yield f"- missing: no verdict from {review}"

    for listed in sorted(job.findings, key=lambda listed: listed.number):
        yield _finding_line(run, job, listed)

    for question in answered(run, job):
        yield _answer_line(question)


def _git_lines(run: Run, job: JobState, facts: BranchFacts) -> Iterator[str]:
    """Needs that moved on, conflicts with the target, issues in the tracker, and changed files."""
    for need in facts.outdated:
        yield f"- built on an earlier commit of {need}: not written or reviewed against the one that is merged now"

    for path in facts.against_target:
        yield f"- conflicts with the target on its own in {path}"

    tracker = closing_line(run.settings, job)
    if tracker:
        yield f"- tracker: {tracker}"

    files = ", ".join(facts.paths[:PATHS_SHOWN])
    if len(facts.paths) > PATHS_SHOWN:
        files += " …"

    yield f"- files: {files}"


def _log(check: Check) -> str:
    """The beginning of the digest of a test log; empty when no log was kept."""
    if check.log is None:
        return ""

    return f", log {check.log[:19]}"


def _first_line(text: str) -> str:
    """The first line of an author's text."""
    lines = text.strip().splitlines()
    if not lines:
        return "(no summary)"

    return lines[0]


def _finding_line(run: Run, job: JobState, listed: ListedFinding) -> str:
    """A finding and how it ended."""
    finding = listed.finding
    line = f"- finding #{listed.number} {finding.severity}"
    if finding.place:
        line += f" {finding.place}"

    return f"{line}: {finding.title} — {ending(run, job, listed).sentence}"


def _answer_line(question: Question) -> str:
    """A question and a person's answer to it."""
    line = f"- {question.kind} {question.id}: {_first_line(question.happened or question.text)}"
    if question.answer is not None:
        line += f" — {question.answer.by}: {question.answer.summary}"

    return line


def _together(facts: MergeFacts) -> str:
    """How the branches merge with each other, and the tests of the result, one line each."""
    lines = [f"- conflict: {conflict}" for conflict in facts.conflicts]
    if not lines:
        lines.append("- all branches merge without conflicts")

    lines += [_trial_line(trial) for trial in facts.trials]
    lines += _untried_paths(facts)
    lines.append(_combined_tests_line(facts.combined))
    lines += [
        f"- {name} of this repository changed since the run began, and git did not use it"
        for name in facts.changed_settings
    ]

    return "\n".join(lines)


def _outside(facts: MergeFacts) -> str:
    """What changed in the repository besides the branches of this report."""
    introduction = "These changed since the run began. gitorch did not change them: an agent did, or you."
    return "\n".join((introduction, "", *outside_lines(facts.outside)))


def _untried_paths(facts: MergeFacts) -> Iterator[str]:
    """Files that several branches change and no trial merge of two branches covers."""
    tried: set[str] = set()
    for trial in facts.trials:
        tried.update(trial.paths)

    for path in facts.shared_paths:
        if path not in tried:
            yield f"- changed by more than one branch: {path}"


def _trial_line(trial: Trial) -> str:
    """Two branches that change the same files, and whether they merge with each other."""
    first, second = trial.jobs
    line = f"- {first} and {second} both change {', '.join(trial.paths)}"
    if trial.conflicts:
        return f"{line}: they conflict in {', '.join(trial.conflicts)}"

    return f"{line}: they merge without conflicts"


def _combined_tests_line(combined: Check | None) -> str:
    """The result of the tests of all branches together."""
    if combined is None:
        return "- the merged tree was not tested: no test command is configured"

    return f"- tests of the merged tree `{combined.commit[:12]}`: {combined.outcome} (`{combined.command}`)"
