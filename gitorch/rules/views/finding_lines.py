"""Findings as agents read them: the list of a round, and the history for a new reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.path_text import quoted
from gitorch.rules.review.endings import ending
from gitorch.rules.review.replies import is_refuted

if TYPE_CHECKING:
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import Finding, ListedFinding
    from gitorch.model.work.run import Run


def findings_text(run: Run, job: JobState) -> str:
    """The findings of the last round that the author must answer, as Markdown.

    It ends with the command that answers them all, ready to be completed.
    """
    fix = "COMMIT"
    if run.is_committed_by_host(job):
        fix = "HOW"

    lines = []
    replies = []

    for listed in job.findings_to_answer:
        lines.append(finding_line(listed))
        replies.append(f"--reply {listed.number}=fixed:{fix}")

    findings = "\n".join(lines)

    return (
        f"# Findings on {job.spec.id} after round {job.attempt - 1}\n\n"
        "This is the whole list. Answer every number with "
        f"`fixed:{fix}`, `false_positive:EVIDENCE` or `deferred:REASON`.\n"
        "A human decides on deferrals.\n\n"
        f"{findings}\n\n"
        f'    gitorch handoff DONE --summary "…" {" ".join(replies)}\n'
    )


def finding_line(listed: ListedFinding) -> str:
    """One finding: number, severity, place, title and reviewers.

    Its details are indented below it, so the line may be several.
    """
    finding = listed.finding
    reviewers = ", ".join((listed.review, *listed.also))
    line = f"{listed.number}. {finding.severity.upper()}"
    if finding.place:
        line += f" {place_text(finding)}"

    if finding.doubtful:
        line += f" (doubtful: {finding.doubt or 'the cited place does not exist at that commit'})"

    line += f": {finding.title} [{reviewers}]"
    for detail in _details(listed):
        line += f"\n   {detail}"

    return line


def place_text(finding: Finding) -> str:
    """The cited place of a finding in a line of text."""
    return place_of(finding.path, finding.line)


def place_of(path: str, line: int) -> str:
    """A place in a line of text: the path quoted where it must be, with the line unless it is 0."""
    if not line:
        return quoted(path)

    return f"{quoted(path)}:{line}"


def _details(listed: ListedFinding) -> list[str]:
    """The lines below a finding: the quotation, the author's last reply, and the reviewer's explanation."""
    finding: Finding = listed.finding
    lines = []
    if finding.quote:
        lines += f"Quoted: {finding.quote}".splitlines()

    if listed.reply is not None:
        lines += f"You answered {listed.reply.disposition}: {listed.reply.evidence}".splitlines()

    lines += finding.detail.splitlines()
    return lines


def history_text(run: Run, subject: JobState) -> str:
    """The findings of earlier rounds and how they ended, so that a new reviewer does not unknowingly repeat one."""
    ordered = sorted(subject.findings, key=lambda listed: listed.number)
    lines = [_history_line(run, subject, listed) for listed in ordered]

    return "## Findings of earlier rounds and their answers\n\n" + "\n".join(lines)


def _history_line(run: Run, subject: JobState, listed: ListedFinding) -> str:
    """A finding, how it ended, and the author's reply."""
    state = ending(run, subject, listed).label
    line = f"- #{listed.number} ({state}) {listed.finding.title}; "
    if listed.reply is None:
        line += "the author has not answered"
    else:
        line += f"the author says {listed.reply.disposition}: {listed.reply.evidence}"

    if is_refuted(subject, listed):
        line += "; restate it only with new evidence"

    return line
