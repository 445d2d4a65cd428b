"""The merge report in words: everything that an approval binds to, from measured facts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.rules.review.endings import ending
from gitorch.rules.review.findings import check_text
from gitorch.rules.views.report_data import answered, report_json
from gitorch.rules.workflows.tracked import closing_line

if TYPE_CHECKING:
    from gitorch.model.commands import MergeFacts
    from gitorch.model.job import JobState
    from gitorch.model.report import BranchFacts
    from gitorch.model.review import Check, ListedFinding
    from gitorch.model.run import Run

PATHS_SHOWN = 20


def report_text(run: Run, facts: MergeFacts) -> str:
    """The report as Markdown. The same facts give the same text, so that its digest names them all, and its JSON too."""
    branches = {b.job: b for b in facts.branches}
    parts = [
        f"# Merge report: {run.title}",
        f"Run `{run.id}`, plan `{run.plan}` ({run.plan_digest})",
        f"Target `{run.target}` at `{facts.target_commit}`; merged it would be `{facts.merged_commit or 'nothing'}`.",
        "## Branches\n\n" + _table(facts.branches),
    ]
    parts += [branch_part(run, job, branches[job.spec.id]) for job in run.merge_jobs if job.spec.id in branches]
    stopped = run.unmerged_jobs
    if stopped:
        parts.append("## Not in this merge\n\n" + "\n".join(f"- {j.spec.id}: {j.phase}" for j in stopped))
    parts.append("## Together\n\n" + _together(facts))
    parts.append(f"The same as data: `report.json`, {sha256(report_json(run, facts))}.")
    return "\n\n".join(parts) + "\n"


def epic_report_text(run: Run, job: JobState, facts: BranchFacts) -> str:
    """What the principal reads of one epic whose reviews are over."""
    head = f"# Epic report: {job.spec.title}\n\nRun `{run.id}`, branch `{facts.branch}` at `{facts.commit}`."
    return "\n\n".join((head, _table((facts,)), branch_part(run, job, facts))) + "\n"


def sha256(text: str) -> str:
    """The digest of a text as the ledger writes it."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def merge_message(run: Run, job: JobState) -> str:
    """What `git log` says of one merged branch: what was done, as its author put it, and who looked at it.

    Its last paragraph is gitorch's own, so that nothing an agent wrote can pass for it.
    """
    summary = "" if job.handoff is None else job.handoff.summary
    said = "\n".join("".join(c for c in line if c.isprintable()).rstrip() for line in summary.strip().splitlines())
    title = " ".join(f"Merge {job.spec.id}: {job.spec.title}".split())
    stages = [f"{v.review} by {v.session} ({v.runtime})" for v in job.verdicts if v.commit == job.cleared]
    trailers = [f"Gitorch-Run: {run.id}", f"Gitorch-Job: {job.spec.id}", *(f"Gitorch-Review: {s}" for s in stages)]
    return "\n\n".join(part for part in (title, said, "\n".join(trailers)) if part) + "\n"


def _table(branches: tuple[BranchFacts, ...]) -> str:
    rows = ["| branch | commit | commits | files | lines |", "|---|---|---|---|---|"]
    rows += [f"| `{b.branch}` | `{b.commit}` | {b.commits} | {b.files} | +{b.added} −{b.removed} |" for b in branches]
    return "\n".join(rows)


def branch_part(run: Run, job: JobState, facts: BranchFacts) -> str:
    """One branch: what was reported, tested, judged, found and answered, and what git says of it."""
    lines = [f"## {job.spec.id}: {job.spec.title}", ""]
    if job.handoff is not None:
        lines += [f"{job.handoff.status} in round {job.attempt}: {_first_line(job.handoff.summary)}", ""]
        lines.append(f"- tests as claimed: {job.handoff.tests_claimed or 'nothing was claimed'}")
    lines += [f"- tests as run: {check_text(c)} (`{c.command}`){_log(c)}" for c in job.checks]
    for verdict in job.verdicts:
        by = f"{verdict.review} by {verdict.session} ({verdict.runtime})"
        lines.append(f"- round {verdict.round}, {by} at `{verdict.commit[:12]}`: {verdict.choice}")
    lines += [f"- missing: {review} never judged it" for review in run.missing_reviews(job)]
    lines += [_finding_line(run, job, listed) for listed in sorted(job.findings, key=lambda x: x.number)]
    lines += _question_lines(run, job)
    lines += [
        f"- built on an earlier state of {need}: it was neither written nor reviewed on what is merged of {need} now"
        for need in facts.outdated
    ]
    lines += [f"- conflicts with the target by itself in {path}" for path in facts.against_target]
    if line := closing_line(job):
        lines.append(f"- tracker: {line}")
    more = " …" if len(facts.paths) > PATHS_SHOWN else ""
    lines.append(f"- files: {', '.join(facts.paths[:PATHS_SHOWN])}{more}")
    return "\n".join(lines)


def _log(check: Check) -> str:
    return f", log {check.log[:19]}" if check.log is not None else ""


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "(no summary)"


def _finding_line(run: Run, job: JobState, listed: ListedFinding) -> str:
    found = listed.finding
    where = f" {found.path}:{found.line}" if found.line else f" {found.path}" if found.path else ""
    end = ending(run, job, listed).sentence
    return f"- finding #{listed.number} {found.severity}{where}: {found.title} — {end}"


def _question_lines(run: Run, job: JobState) -> list[str]:
    lines = []
    for question in answered(run, job):
        if question.answer is not None:
            asked = _first_line(question.happened or question.text)
            said = " ".join(part for part in (question.answer.option, question.answer.text) if part)
            lines.append(f"- {question.kind} {question.id}: {asked} — {question.answer.by}: {said}")
    return lines


def _together(facts: MergeFacts) -> str:
    combined = facts.combined
    lines = [f"- conflict: {c}" for c in facts.conflicts] or [
        "- every branch merges, one after the other, without conflict"
    ]
    for trial in facts.trials:
        fits = f"conflict in {', '.join(trial.conflicts)}" if trial.conflicts else "merge with each other"
        lines.append(f"- {trial.jobs[0]} and {trial.jobs[1]} both change {', '.join(trial.paths)}: they {fits}")
    tried = {path for trial in facts.trials for path in trial.paths}
    lines += [f"- changed by more than one branch: {p}" for p in facts.shared_paths if p not in tried]
    if combined is None:
        lines.append("- the merged tree was not tested: no test command is configured")
    else:
        lines.append(f"- tests of the merged tree `{combined.commit[:12]}`: {combined.outcome} (`{combined.command}`)")
    return "\n".join(lines)
