"""Reports that are proposed as pull requests, and approvals by their merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import commands, events
from gitorch.model.plans.approval import FORGE
from gitorch.rules.deciding.merges import ensure_approvable, ensure_proven
from gitorch.rules.guards import ensure
from gitorch.rules.review.proposals import waits_for_pulls

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.work.board import State
    from gitorch.rules.deciding import Decisions


def propose(state: State, order: Order, command: commands.ProposeMerge) -> tuple[Event, ...]:
    """The proposal of the report that stands, in place of an earlier one; nothing where exactly this one stands."""
    ensure.principal(order.actor, "propose")
    run = ensure.run_open(ensure.run_there(state))
    report = ensure.report_there(run)
    made = command.proposal
    ensure_approvable(run, report, made.digest)
    if not run.settings.forge_keys:
        message = f"run {run.id} began without keys of a forge, so no merge of a pull request could approve it"
        raise Refused(message, f"gitorch approve {run.id}")

    if run.proposal == made:
        return ()

    return (events.MergeProposed(made.digest, made.remote, made.commit),)


def approve_at_forge(state: State, order: Order, command: commands.ApproveAtForge) -> tuple[Event, ...]:
    """The approval of the report that stands by the merge of its proposal; nothing once it is approved."""
    ensure.host(order.actor, "merges of pull requests")
    run = ensure.run_open(ensure.run_there(state))
    report = ensure.report_there(run)
    if run.approval is not None:
        return ()

    if run.proposal is None or run.proposal.commit != command.proposal:
        message = f"{command.proposal[:12]} is not what run {run.id} proposes"
        raise Refused(message, f"gitorch propose {run.id}")

    ensure_approvable(run, report, run.proposal.digest)
    proof = f"{FORGE}{command.signer}"
    ensure_proven(run, proof)
    event = events.MergeApprovedAtForge(
        digest=report.digest,
        target=report.target,
        target_commit=report.target_commit,
        commits=tuple(branch.commit for branch in report.branches),
        proof=proof,
        proposal=command.proposal,
        merge=command.merge,
        claims=command.claims,
        text=f"The pull request that proposed this report was merged by {command.merge}.",
    )
    return (event,)


def record_code_merge(state: State, order: Order, command: commands.RecordCodeMerge) -> tuple[Event, ...]:
    """The merge of the approved branches on the forge, once."""
    ensure.host(order.actor, "merges")
    run = ensure.run_there(state)
    report = ensure.report_there(run)
    job = run.merge_behind(report.checkpoint)
    if run.merged is not None or job is None:
        return ()

    if not waits_for_pulls(run):
        message = f"run {run.id} does not wait for pull requests of its branches"
        raise Refused(message, f"gitorch status {run.id}")

    found = command.merges
    return (events.CodeMerged(job, report.target, report.target_commit, found.tip, found.merges),)


DECISIONS: Decisions = {
    commands.RecordCodeMerge: record_code_merge,
    commands.ProposeMerge: propose,
    commands.ApproveAtForge: approve_at_forge,
}
