"""Merges of pull requests that propose a report: found on the branch of approvals, and checked with git objects alone.

A merge counts where the forge signed it with a key that the run began with, its second parent is the proposal, its tree is
what git's own merge gives, and the proposal shows exactly the report that is approved, on the ledger as it is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.app.query.lookup import run_lines
from gitorch.app.query.syncing import choose_remote
from gitorch.errors import Corrupt, GitorchError, NotFound
from gitorch.model.events import MergeApprovedAtForge
from gitorch.model.work.proposal import APPROVALS, ForgeMerge
from gitorch.rules.guards.ensure import run_there
from gitorch.rules.views.approval import approval_text
from gitorch.rules.views.proposal import DATA, PAGE, history_of, is_page_of, proposal_folder, proposal_text
from gitorch.text.records.signed_commit import parse_signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, Digest
    from gitorch.model.work.proposal import Proposal
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import VerifiedRun
    from gitorch.text.records.signed_commit import SignedCommit


def merge_of(services: Services, run: Run, proposal: Proposal, tip: CommitId) -> ForgeMerge | None:
    """The merge of the run's proposal up to this commit of the branch of approvals, checked; None where there is none.

    Whatever brought the files of the proposal to the branch counts as its merge, so that a squash is found and refused.
    Raises NotFound where a commit is missing here, Corrupt for a replaced object.
    """
    proposed = _commit(services, proposal.commit)
    base = proposed.parents[0]
    if not services.git.contains(base, tip):
        fault = f"{APPROVALS} at {proposal.remote} was rewritten: {tip[:12]} does not continue {base[:12]}, on which the proposal was made"
        return ForgeMerge(tip, fault=fault)

    page = f"{proposal_folder(run.id, history_of(proposed.message))}/{PAGE}"
    for commit in _first_parents(services, base, tip):
        if services.git.file_at(commit, page) is not None or proposal.commit in _commit(services, commit).parents:
            text = _approved_text(services, run)
            return _checked(services, run, proposal.commit, commit, (proposal.digest, text))

    return None


def _approved_text(services: Services, run: Run) -> str:
    """What the report that stands would approve, one line each."""
    report = run.report
    if report is None:
        return ""
    ledger = services.ledger.state(None).board.ledger
    commits = tuple(branch.commit for branch in report.branches)
    return approval_text(ledger, run.id, report.digest, report.target, report.target_commit, commits)


def _first_parents(services: Services, base: CommitId, tip: CommitId) -> Iterator[CommitId]:
    """The commits that the branch was at after `base`, oldest first."""
    commits: list[CommitId] = []
    commit = tip
    while commit != base and not services.git.contains(commit, base):
        commits.append(commit)
        commit = _commit(services, commit).parents[0]
    yield from reversed(commits)


def _commit(services: Services, commit: CommitId) -> SignedCommit:
    """A commit, compared with its id. Raises NotFound, Corrupt."""
    return parse_signed(services.git.commit_body(commit))


def _checked(
    services: Services, run: Run, proposal: CommitId, merge: CommitId, approved: tuple[Digest, str]
) -> ForgeMerge:
    """The merge of a proposal with its signer, or with the reason why it does not count."""
    found = _commit(services, merge)
    fault = (
        _parents_fault(found, proposal, merge)
        or proposal_fault(services, run, proposal, approved)
        or _tree_fault(services, found, merge)
    )
    if fault:
        return ForgeMerge(merge, fault=fault)

    if not found.signature:
        return ForgeMerge(merge, fault=f"the merge {merge[:12]} is not signed")

    signer = services.signatures.forge_signer(found.signed, found.signature, run.settings.forge_keys)
    if signer:
        return ForgeMerge(merge, signer)

    return ForgeMerge(merge, fault=f"the merge {merge[:12]} is signed by a key that run {run.id} did not begin with")


def _parents_fault(found: SignedCommit, proposal: CommitId, merge: CommitId) -> str:
    """Why the parents of a merge are not those that it must have; empty where they are."""
    if len(found.parents) == 1:
        return f"the proposal was squashed or rebased: {merge[:12]} has its content, but does not name {proposal[:12]} as a parent"

    if found.parents[1:] != (proposal,):
        others = ", ".join(parent[:12] for parent in found.parents[1:])
        return f"the pull request was moved: {merge[:12]} merges {others}, and the run proposed {proposal[:12]}"

    return ""


def _tree_fault(services: Services, found: SignedCommit, merge: CommitId) -> str:
    """Why a merge holds something else than git's own merge of its parents; empty where it does not."""
    tried = services.git.try_merge(*found.parents)
    if tried.conflicts or tried.tree != found.tree:
        return f"the merge {merge[:12]} holds other files than the merge of its parents gives"

    return ""


def proposal_fault(services: Services, run: Run, proposal: CommitId, approved: tuple[Digest, str]) -> str:
    """Why a proposal does not show exactly the report that it stands for; empty where it does.

    `approved` is the digest of the report, and the lines of what is approved.
    """
    found = _commit(services, proposal)
    digest, text = approved
    history = history_of(found.message)
    if not found.message.endswith(proposal_text(text, history)):
        return f"the proposal {proposal[:12]} does not name what would be merged"

    tip = services.ledger.tip()
    if tip is None or not services.git.has(history) or not services.git.contains(history, tip):
        return (
            f"the ledger was rewritten: the proposal was made on its commit {history[:12]}, which is no part of it now"
        )

    folder = proposal_folder(run.id, history)
    base = found.parents[0]
    changes = services.git.file_changes(base, proposal)
    if {change.path for change in changes} != {f"{folder}/{PAGE}", f"{folder}/{DATA}"}:
        return f"the proposal {proposal[:12]} changes other files than its report"

    page = services.git.file_at(proposal, f"{folder}/{PAGE}") or b""
    data = services.git.file_at(proposal, f"{folder}/{DATA}") or b""
    if not is_page_of(page.decode("utf-8", "replace"), data, digest):
        return f"the proposal {proposal[:12]} shows another report than the one that is approved"

    return ""


def unproven(services: Services, verified: VerifiedRun) -> Iterator[Corrupt]:
    """A fault for each recorded approval by pull request that git's objects do not prove, oldest first. Needs no network."""
    run = run_there(verified.state)
    for record in verified.records:
        if not isinstance(record.event, MergeApprovedAtForge):
            continue

        reason = recorded_fault(services, verified, record.event)
        if reason:
            where = f"record {record.seq}"
            message = f"The approval in {where} is not proven: {reason}."
            yield Corrupt(message, _hint(services, run, record.event), where)


def _hint(services: Services, run: Run, event: MergeApprovedAtForge) -> str:
    """The command to type for an approval that is not proven."""
    if not services.git.has(event.merge):
        return "git fetch --all"
    return f"gitorch recover {run.id}"


def recorded_fault(services: Services, verified: VerifiedRun, event: MergeApprovedAtForge) -> str:
    """Why the merge that an approval names does not prove it, or cannot be checked here; empty where it does."""
    run = run_there(verified.state)
    if not services.git.has(event.merge):
        return f"this clone does not have the merge {event.merge[:12]} of {APPROVALS}"

    ledger = verified.state.board.ledger
    text = approval_text(ledger, run.id, event.digest, event.target, event.target_commit, event.commits)
    found = _checked(services, run, event.proposal, event.merge, (event.digest, text))
    if found.fault:
        return found.fault

    if event.proof != f"forge:{found.signer}":
        return f"it names {event.proof}, and the merge is signed by {found.signer}"

    return ""


def fetch_merge(services: Services, run: Run, event: MergeApprovedAtForge) -> None:
    """Fetch the branch of approvals where this clone lacks the merge that an approval names. A remote that is away is let be."""
    if services.git.has(event.merge) or run.proposal is None:
        return

    with suppress(GitorchError):
        services.remotes.fetch(choose_remote(services, run.proposal.remote), f"refs/heads/{APPROVALS}")


def check_proposal(services: Services, name: str) -> Iterator[Corrupt]:
    """The fault of a commit that no open run proposes, or that does not show exactly the report of the run; at most one.

    `name` is a full commit id, a branch, or a branch of a remote such as `origin/x`. Raises NotFound where there is none.
    """
    commit = services.git.resolve(name) or _commit_of_ref(services, name)
    if commit is None:
        raise NotFound(f"there is no commit or branch {name} here", "git fetch --all")

    for line in run_lines(services):
        run = run_there(services.ledger.state(line.id))
        if run.proposal is None or run.proposal.commit != commit:
            continue

        fault = proposal_fault(services, run, run.proposal.commit, (run.proposal.digest, _approved_text(services, run)))
        if fault:
            yield Corrupt(f"{fault[0].upper()}{fault[1:]}.", f"gitorch report {run.id}", name)
        return

    yield Corrupt(f"No run proposes {name}: it is not the head of a pull request of this ledger.", "gitorch list", name)


def _commit_of_ref(services: Services, name: str) -> CommitId | None:
    """The commit of a remote's branch, or of a whole name of a ref; None where there is none."""
    refs = (f"refs/remotes/{name}", name)
    return next(iter(services.git.heads(refs).values()), None)
