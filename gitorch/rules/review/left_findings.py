"""The findings that work passed its reviews with, for the person who decides at a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.ids import JobId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.review import ListedFinding
    from gitorch.model.work.run import Run


def with_left_findings(text: str, jobs: Iterable[JobState]) -> str:
    """A question, followed by a paragraph of the findings that these jobs leave as they are; the question alone without any."""
    lines = [text, "", "Accepted with these findings, left as they are:"]
    for job in jobs:
        for listed in job.findings:
            if listed.open or listed.waived:
                lines.append(_line(job, listed))

    if len(lines) == 3:
        return text

    return "\n".join(lines)


def _line(job: JobState, listed: ListedFinding) -> str:
    """One finding: its job and number, its severity, where it is, and who raised it."""
    finding = listed.finding
    place = ""
    if finding.place:
        place = f" {finding.place}"

    reviews = ", ".join((listed.review, *listed.also))
    return f"- {job.spec.id} #{listed.number} {finding.severity}{place}: {finding.title} [{reviews}]"


def jobs_behind(run: Run, job: JobId) -> tuple[JobState, ...]:
    """The jobs that this one stands on, directly or by others, in the order of the run."""
    behind: set[JobId] = set()
    waiting = list(run.jobs[job].spec.needs)
    while waiting:
        name = waiting.pop()
        if name not in behind:
            behind.add(name)
            waiting += run.jobs[name].spec.needs

    return tuple(state for name, state in run.jobs.items() if name in behind)
