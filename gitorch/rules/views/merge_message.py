"""The commit message of a merged branch, which tells in `git log` what was merged and who stands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.rules.views.report_data import author_of, reviewer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run


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
    """The run, the job, the commit that is merged, its author, and each review of it with its verdict."""
    yield f"Gitorch-Run: {run.id}"
    yield f"Gitorch-Job: {job.spec.id}"
    if job.cleared is not None:
        yield f"Gitorch-Commit: {job.cleared}"

    if job.handoff is not None and job.handoff.session is not None:
        yield f"Gitorch-Author: {author_of(run, job.handoff)}"

    for verdict in job.verdicts:
        if verdict.commit == job.cleared:
            yield f"Gitorch-Review: {reviewer_of(verdict)}: {verdict.choice}"


def _printable_summary(job: JobState) -> str:
    """The author's summary without control characters; empty without a handoff."""
    if job.handoff is None:
        return ""

    lines = []
    for line in job.handoff.summary.strip().splitlines():
        printable = "".join(filter(str.isprintable, line))
        lines.append(printable.rstrip())

    return "\n".join(lines)
