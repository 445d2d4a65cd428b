"""The branch that a run merges into: this clone's own, or that of the remote where several hosts share the ledger.

Every host then measures against the same commit, whatever its own clone has, and a merge is a push with the expected old value.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.errors import GitorchError
from gitorch.model import commands
from gitorch.ports.git import PushRef

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId
    from gitorch.model.work.report import Report


def target_head(services: Services, target: str) -> CommitId | None:
    """The commit of a target; None where there is no such branch. Raises Unavailable where its remote does not answer."""
    remote = shared_remote(services)
    if not remote:
        return services.git.resolve(target)

    ref = f"refs/heads/{target}"
    commit = services.remotes.heads(remote, (ref,)).get(ref)
    if commit is not None and not services.git.has(commit):
        services.remotes.fetch(remote, ref)
    return commit


def shared_remote(services: Services) -> str:
    """The remote over which hosts share the ledger; empty where this clone alone has it."""
    contact = services.ledger.last_contact()
    if contact is None:
        return ""
    return contact.remote


def merge_at_remote(services: Services, remote: str, report: Report, merged: CommitId) -> commands.Command:
    """Move the remote's target to the approved commit. What was there already is recorded; a target that moved voids the report.

    This clone's own branch follows where it was at the old commit and nothing is in its way; otherwise it is left alone.
    Raises Unavailable where the remote does not answer, or takes no push for another reason.
    """
    ref = f"refs/heads/{report.target}"
    refusal = services.remotes.push(remote, (PushRef(ref, merged, report.target_commit),))
    if refusal:
        now = target_head(services, report.target)
        if now is None:
            return commands.VoidReport(f"{remote} has no {report.target} any more")
        if not services.git.contains(merged, now):
            return _not_taken(remote, report, now, refusal)

    with suppress(GitorchError):
        services.git.move(report.target, merged, report.target_commit)
    return commands.RecordMerge(report.target_commit, merged, report.merged_tree)


def _not_taken(remote: str, report: Report, now: CommitId, refusal: str) -> commands.Command:
    """What follows from a push that the remote refused: the target moved, or a person must clear what keeps it from moving."""
    if now != report.target_commit:
        return commands.VoidReport(f"{report.target} at {remote} moved to {now[:12]}")

    return commands.Escalate(
        trigger=f"move:{report.target}",
        happened=f"{remote} did not take the merge into {report.target}: {refusal.splitlines()[0]}",
        tried=f"git push --force-with-lease from {report.target_commit[:12]}; nothing was changed.",
        evidence=refusal,
        decision="Clear what refuses it and retry with the same approval, or stop the run?",
        options=("retry", "stop_run"),
    )
