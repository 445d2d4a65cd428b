"""Removing the remote's refs of commits that it keeps by its target as well, once a run is merged and cleaned up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.target import shared_remote, target_head
from gitorch.model.counts import counted
from gitorch.model.named_commits import COMMIT_REFS, named_commits
from gitorch.ports.git import PushRef

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.work.run import Run


def prune_commits(services: Services, run: Run) -> str:
    """Remove the refs of this run's commits that the remote's target contains. Why they stay, or an empty string.

    A commit that no branch there contains keeps its ref for good: records name it. Nothing is removed before the merge is
    in the target. Raises Unavailable where the remote does not answer.
    """
    remote = shared_remote(services)
    if not remote or run.merged is None:
        return ""

    head = target_head(services, run.target)
    if head is None or not services.git.contains(run.merged.new, head):
        return ""

    removed: list[PushRef] = []
    for ref, commit in services.remotes.heads(remote, _refs(services, run)).items():
        if ref == f"{COMMIT_REFS}{commit}" and services.git.contains(commit, head):
            removed.append(PushRef(ref, None, commit))

    if not removed:
        return ""

    refusal = services.remotes.push(remote, removed)
    if refusal:
        return f"{counted(len(removed), 'ref')} of merged commits at {remote}: {refusal.splitlines()[0]}"
    return ""


def _refs(services: Services, run: Run) -> tuple[str, ...]:
    """The refs of all commits that records of the run name, each once."""
    refs: set[str] = set()
    for written in services.ledger.records(run.id):
        for commit in named_commits(written.record.event):
            refs.add(f"{COMMIT_REFS}{commit}")
    return tuple(sorted(refs))
