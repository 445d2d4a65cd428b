"""The merge report in words: everything that an approval binds to, from measured facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.run import QuestionKind
from gitorch.rules.endings import ending
from gitorch.rules.readings import merge_jobs, reviews_of

if TYPE_CHECKING:
    from gitorch.model.commands import MergeFacts
    from gitorch.model.review import Listed
    from gitorch.model.run import BranchFacts, JobState, Run


def report_text(run: Run, facts: MergeFacts) -> str:
    """The report as Markdown. The same facts give the same text, so that its digest names them all."""
    branches = {b.job: b for b in facts.branches}
    parts = [
        f"# Merge report: {run.title}",
        f"Run `{run.id}`, plan `{run.plan}` ({run.plan_digest})",
        f"Target `{run.target}` at `{facts.target_commit}`; merged it would be `{facts.merged_commit or 'nothing'}`.",
        "## Branches\n\n" + _table(facts.branches),
    ]
    parts += [_branch_part(run, job, branches[job.spec.id]) for job in merge_jobs(run) if job.spec.id in branches]
    stopped = [j for j in run.jobs.values() if str(j.phase) in {"failed", "skipped"} and not j.spec.subject]
    if stopped:
        parts.append("## Not in this merge\n\n" + "\n".join(f"- {j.spec.id}: {j.phase}" for j in stopped))
    parts.append("## Together\n\n" + _together(facts))
    return "\n\n".join(parts) + "\n"


def merge_message(run: Run, job: JobState) -> str:
    """What `git log` says of one merged branch: what was done, as its author put it, and who looked at it.

    Its last paragraph is gitorch's own, so that nothing an agent wrote can pass for it.
    """
    title = " ".join(f"Merge {job.spec.id}: {job.spec.title}".split())
    summary = (
        "" if job.handoff is None else "\n".join(line.rstrip() for line in job.handoff.summary.strip().splitlines())
    )
    stages = [f"{v.review} by {v.session} ({v.runtime})" for v in job.verdicts if v.commit == job.cleared]
    trailers = [f"Gitorch-Run: {run.id}", f"Gitorch-Job: {job.spec.id}", *(f"Gitorch-Review: {s}" for s in stages)]
    return "\n\n".join(part for part in (title, summary, "\n".join(trailers)) if part) + "\n"


def _table(branches: tuple[BranchFacts, ...]) -> str:
    rows = ["| branch | commit | commits | files | lines |", "|---|---|---|---|---|"]
    rows += [f"| `{b.branch}` | `{b.commit}` | {b.commits} | {b.files} | +{b.added} −{b.removed} |" for b in branches]
    return "\n".join(rows)


def _branch_part(run: Run, job: JobState, facts: BranchFacts) -> str:
    lines = [f"## {job.spec.id}: {job.spec.title}", ""]
    if job.handoff is not None:
        lines += [f"{job.handoff.status} in round {job.attempt}: {_first_line(job.handoff.summary)}", ""]
        lines.append(f"- tests as claimed: {job.handoff.tests_claimed or 'nothing was claimed'}")
    lines += [
        f"- tests as run at `{c.commit[:12]}`: {c.outcome} in {c.seconds:.1f} s (`{c.command}`)" for c in job.checks
    ]
    for verdict in job.verdicts:
        by = f"{verdict.review} by {verdict.session} ({verdict.runtime})"
        lines.append(f"- round {verdict.round}, {by} at `{verdict.commit[:12]}`: {verdict.choice}")
    lines += [f"- missing: {r.spec.id} never judged it" for r in reviews_of(run, job.spec.id) if not _judged(job, r)]
    lines += [_finding_line(run, job, listed) for listed in sorted(job.findings, key=lambda x: x.number)]
    lines += _question_lines(run, job)
    lines.append(f"- files: {', '.join(facts.paths[:20])}{' …' if len(facts.paths) > 20 else ''}")
    return "\n".join(lines)


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "(no summary)"


def _judged(job: JobState, review: JobState) -> bool:
    return any(v.review == review.spec.id for v in job.verdicts)


def _finding_line(run: Run, job: JobState, listed: Listed) -> str:
    found = listed.finding
    where = f" {found.path}:{found.line}" if found.line else f" {found.path}" if found.path else ""
    end = ending(run, job, listed).sentence
    return f"- finding #{listed.number} {found.severity}{where}: {found.title} — {end}"


def _question_lines(run: Run, job: JobState) -> list[str]:
    lines = []
    for question in run.questions.values():
        if question.job != job.spec.id or question.kind is QuestionKind.APPROVAL or question.answer is None:
            continue
        asked = _first_line(question.happened or question.text)
        said = " ".join(part for part in (question.answer.option, question.answer.text) if part)
        lines.append(f"- {question.kind} {question.id}: {asked} — {question.answer.by}: {said}")
    return lines


def _together(facts: MergeFacts) -> str:
    combined = facts.combined
    lines = [f"- conflict: {c}" for c in facts.conflicts] or [
        "- every branch merges, one after the other, without conflict"
    ]
    lines += [f"- changed by more than one branch: {p}" for p in facts.shared_paths]
    if combined is None:
        lines.append("- the merged tree was not tested: no test command is configured")
    else:
        lines.append(f"- tests of the merged tree `{combined.commit[:12]}`: {combined.outcome} (`{combined.command}`)")
    return "\n".join(lines)
