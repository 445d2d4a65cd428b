"""Looking at what became of a proposal: at its remote by git, and at its forge by the forge's own program."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute
from gitorch.app.executing.redaction import redact_value
from gitorch.app.people.forge_merges import merge_of
from gitorch.app.people.proposals import Place, place_of
from gitorch.app.query.lookup import run_lines
from gitorch.app.query.syncing import compare
from gitorch.errors import Unavailable
from gitorch.model import commands
from gitorch.model.plans.forge import ForgeKind
from gitorch.model.values import replace
from gitorch.model.work.proposal import APPROVALS_REF, ForgeMerge, ProposalSeen, PullRequest, proposal_branch
from gitorch.rules.guards.ensure import run_there
from gitorch.text.forge_answers import github_pull_request, gitlab_merge_request
from gitorch.text.records.timestamps import iso

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId
    from gitorch.model.work.proposal import Proposal
    from gitorch.model.work.run import Run

FIELDS = "url,state,reviews,comments,mergedBy"
ASK_SECONDS = 30.0
"""How long a forge's program may take to answer."""


def look(services: Services, run: Run) -> ProposalSeen | None:
    """What became of the run's proposal; None where none waits for its merge. Records nothing.

    The remote's answer may be some seconds old. Raises Unavailable where the remote does not answer.
    """
    proposal = run.proposal
    if proposal is None or run.report is None or run.approval is not None:
        return None

    place = place_of(services, proposal.remote)
    merge = _merge(services, run, proposal, place)
    claimed = _pull_request(services, run, place)
    if merge is not None and claimed is not None:
        merge = replace(merge, claims=claimed.claims)
    return ProposalSeen(proposal.commit, merge, claimed)


def _merge(services: Services, run: Run, proposal: Proposal, place: Place) -> ForgeMerge | None:
    """The merge of the proposal as git shows it; None while nothing was merged.

    Raises Corrupt where the remote's ledger was forced back: then no merge there counts.
    """
    tip = services.remotes.recent_heads(place.remote, (APPROVALS_REF,)).get(APPROVALS_REF)
    if tip is None:
        return None

    _ensure_here(services, place.remote, tip, APPROVALS_REF)
    _ensure_here(services, place.remote, proposal.commit, f"refs/heads/{proposal_branch(run.id)}")
    found = merge_of(services, run, proposal, tip)
    if found is not None:
        compare(services, place.remote)

    return found


def _ensure_here(services: Services, remote: str, commit: CommitId, ref: str) -> None:
    """Fetch a branch of the remote where this clone lacks a commit of it."""
    if not services.git.has(commit):
        services.remotes.fetch(remote, ref)


def _pull_request(services: Services, run: Run, place: Place) -> PullRequest | None:
    """What the forge says about the pull request; None where nobody can ask it, and where it says nothing."""
    asking = ASKING.get(place.kind)
    if asking is None:
        return None

    return asking(services, run, place)


def _ask_github(services: Services, run: Run, place: Place) -> PullRequest | None:
    """What `gh` says about the pull request of a run; None without an answer."""
    branch = proposal_branch(run.id)
    view = _answer(services, "gh", "pr", "view", branch, "--repo", place.project, "--json", FIELDS)
    number = view.rpartition("/pull/")[2].partition('"')[0]
    lines = ""
    if number:
        lines = _answer(services, "gh", "api", f"repos/{place.project}/pulls/{number}/comments")

    return github_pull_request(view, lines, iso(services.clock.now()))


def _ask_gitlab(services: Services, run: Run, place: Place) -> PullRequest | None:
    """What `glab` says about the merge request of a run; None without an answer."""
    branch = proposal_branch(run.id)
    view = _answer(services, "glab", "mr", "view", branch, "-R", place.project, "--output", "json")
    number = view.partition('"iid":')[2].partition(",")[0].strip()
    approvals, notes = "", ""
    if number:
        project = place.project.replace("/", "%2F")
        requests = f"projects/{project}/merge_requests/{number}"
        approvals = _answer(services, "glab", "api", f"{requests}/approvals")
        notes = _answer(services, "glab", "api", f"{requests}/notes")

    return gitlab_merge_request(view, approvals, notes, iso(services.clock.now()))


ASKING = {
    ForgeKind.GITHUB: _ask_github,
    ForgeKind.GITLAB: _ask_gitlab,
}
"""How each forge is asked about a pull request."""


def _answer(services: Services, *words: str) -> str:
    """The output of the forge's command-line program for these arguments, at most a minute old; empty if it fails or is not installed."""
    if not services.programs.find(words[0]):
        return ""

    try:
        status, output = services.programs.run_shell_lately(
            f"{{ {shlex.join(words)} 2>/dev/null; }}", services.root, ASK_SECONDS
        )
    except Unavailable:
        return ""
    if status:
        return ""
    return str(redact_value(output))


def adopt_merges(services: Services) -> tuple[str, ...]:
    """Record the approval of each run whose proposal was merged in a way that counts; gives their ids.

    Raises Unavailable where a remote does not answer.
    """
    approved: list[str] = []
    for line in run_lines(services):
        if line.phase.is_over:
            continue

        run = run_there(services.ledger.state(line.id))
        seen = look(services, run)
        if seen is None or seen.merge is None or seen.merge.fault:
            continue

        merge = seen.merge
        command = commands.ApproveAtForge(seen.commit, merge.commit, merge.signer, merge.claims)
        execute(services, run.id, services.host, command)
        approved.append(run.id)
    return tuple(approved)
