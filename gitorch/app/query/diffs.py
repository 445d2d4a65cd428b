"""What a job changed, or a whole run: as a patch, and as figures of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import find_job, find_run_or_epic
from gitorch.errors import NotFound, Usage
from gitorch.model.values import Value
from gitorch.rules.guards.granting import base_of

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.ports.git import DiffStat


class Difference(Value):
    """The change between two commits of a run."""

    run: str
    job: str
    """Empty for the whole run."""

    base: CommitId
    head: CommitId
    stat: DiffStat
    patch: str


def difference(services: Services, name: str | None, run_name: str | None, *, since_review: bool) -> Difference:
    """What a job changed since its base, or since the commit that was reviewed last; of a run, what its report would merge.

    Raises NotFound where there is nothing to compare yet, and for unknown names. Raises Usage where a job must be named.
    """
    run, job = find_run_or_epic(services, name, run_name)
    if job:
        state = run.jobs[find_job(run, job)]
        base, head = _ends(services, run, state, since_review=since_review)
    else:
        base, head = _whole(run)

    git = services.git
    return Difference(run.id, job, base, head, git.stat(base, head), git.patch(base, head))


def _ends(services: Services, run: Run, job: JobState, *, since_review: bool) -> tuple[CommitId, CommitId]:
    """The commits between which the change of a job lies. Raises NotFound before it has changed anything."""
    subject = job
    if job.spec.subject is not None:
        subject = run.jobs[job.spec.subject]

    head = subject.cleared or services.git.resolve(run.branch_of(subject.spec.id))
    base = base_of(run, subject)
    if since_review:
        base = _reviewed(subject, head)

    if head is None or base is None:
        raise NotFound(f"{subject.spec.id} has nothing to compare yet", f"gitorch why {subject.spec.id}")

    return base, head


def _reviewed(job: JobState, head: CommitId | None) -> CommitId | None:
    """The newest commit that a reviewer judged before `head`; None where none was."""
    for verdict in reversed(job.verdicts):
        if verdict.commit != head:
            return verdict.commit

    return None


def _whole(run: Run) -> tuple[CommitId, CommitId]:
    """The commits between which the change of a run lies. Raises Usage before it has a merge report."""
    report = run.report
    if report is None or report.merged_commit is None:
        raise Usage(
            f"run {run.id} has no merged result to show; name one of its jobs", f"gitorch list jobs --run {run.id}"
        )

    return report.target_commit, report.merged_commit
