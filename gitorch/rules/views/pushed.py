"""The remote-tracking branches that gitorch's own pushes of a run move, as the records of the run name them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gitorch.model.events import MergeApproved, MergeApprovedAtForge, MergeProposed, ReportIssued
from gitorch.model.plans.forge import PushAs
from gitorch.model.work.proposal import APPROVALS, proposal_branch
from gitorch.rules.views.proposal import merge_branch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.model.ids import CommitId, Digest
    from gitorch.model.work.run import Run

PushRecord = ReportIssued | MergeProposed | MergeApproved | MergeApprovedAtForge
"""The records that tell what gitorch pushed besides the ledger and the target."""


def tracking_ref(remote: str, branch: str) -> str:
    """The full name of the ref by which git remembers a branch of a remote, as `git remote add` configures it."""
    return f"refs/remotes/{remote}/{branch}"


def pushed_refs(run: Run, events: Sequence[PushRecord]) -> Iterator[tuple[str, CommitId]]:
    """Each remote-tracking branch that a push of the run moves, with the commit; a branch may come several times.

    A proposal pushes the branches of its report, and so does an approval where each branch gets a pull request of its own.
    A report that was neither proposed nor approved so pushes nothing. `events` are all of the run's, in any order.
    """
    remotes: dict[Digest, set[str]] = defaultdict(set)
    for event in events:
        remotes[event.digest] |= _remotes_of(run, event)

    for event in events:
        for remote in remotes[event.digest]:
            yield from _branches_of(run, remote, event)


def _remotes_of(run: Run, event: PushRecord) -> set[str]:
    """The remotes that gitorch pushes the branches of a report to because of this record; none for most records."""
    if isinstance(event, MergeProposed):
        return {event.remote}

    if isinstance(event, ReportIssued):
        return set()

    if run.settings.push_as is PushAs.PULL_REQUEST:
        return {run.settings.push_remote}

    return set()


def _branches_of(run: Run, remote: str, event: PushRecord) -> Iterator[tuple[str, CommitId]]:
    """The branches that one record names, as they are at a remote that its report was pushed to.

    The branch of approvals is at a merge of the forge once a person has fetched it.
    """
    if isinstance(event, MergeProposed):
        yield tracking_ref(remote, proposal_branch(run.id)), event.commit

    if isinstance(event, MergeApprovedAtForge):
        yield tracking_ref(remote, APPROVALS), event.merge

    if isinstance(event, ReportIssued):
        yield from _branches_in(run, remote, event)


def _branches_in(run: Run, remote: str, report: ReportIssued) -> Iterator[tuple[str, CommitId]]:
    """The branches of the jobs at the commits of a report, and the branch that shows the commit that would be merged."""
    for branch in report.branches:
        yield tracking_ref(remote, branch.branch), branch.commit

    if report.merged_commit is not None:
        yield tracking_ref(remote, merge_branch(run, report)), report.merged_commit
