"""A merge report that is proposed as a pull request, and what git and the forge show of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, Digest

APPROVALS = "gitorch/approvals"
APPROVALS_REF = f"refs/heads/{APPROVALS}"
"""The branch that pull requests with reports are merged into. It is no part of the ledger."""


def proposal_branch(run: str) -> str:
    """The branch of a run's pull request: `gitorch/proposals/auth-7f3a`."""
    return f"gitorch/proposals/{run}"


class Proposal(Value):
    """One commit that shows a report, for a pull request whose merge approves that report."""

    digest: Digest
    """Of the report."""
    remote: str
    commit: CommitId


class ClaimedReview(Value):
    """One review, as a forge tells of it."""

    by: str
    state: str
    """`approved`, `changes requested` or `commented`."""
    commit: str
    """The commit that was reviewed; empty where the forge does not say."""


class Claims(Value):
    """What only the forge's own answers say, which no signature proves."""

    source: str
    """The command whose answer it is, such as `gh pr view`."""
    at: str
    """When it was asked: UTC, as records write it."""
    merged_by: str = ""
    reviews: tuple[ClaimedReview, ...] = ()

    @property
    def sentence(self) -> str:
        """All of it in one line, with its source."""
        parts = [f"{review.by} {review.state} {review.commit[:12]}".rstrip() for review in self.reviews]
        if self.merged_by:
            parts.append(f"merged by {self.merged_by}")
        return f"{', '.join(parts) or 'nothing about reviews'} (claimed by {self.source} at {self.at}; no signature proves it)"


class PullRequest(Value):
    """A pull request as a forge tells of it."""

    address: str
    state: str
    """`open`, `closed` or `merged`."""
    claims: Claims
    comments: tuple[str, ...] = ()
    """What reviewers wrote, oldest first, each with its author and place."""


class ForgeMerge(Value):
    """The merge of a proposal, as git shows it."""

    commit: CommitId
    signer: str = ""
    """Whose key signed it; empty where `fault` says why it does not count."""
    fault: str = ""
    """Why it approves nothing; empty where it does."""
    claims: Claims | None = None


class ProposalSeen(Value):
    """What a look at the remote showed of a proposal."""

    commit: CommitId
    """The proposal that was looked for."""
    merge: ForgeMerge | None = None
    """None while nothing was merged."""
    pull_request: PullRequest | None = None
    """None where no program can ask the forge."""
