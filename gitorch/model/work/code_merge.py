"""Work branches that were merged on a forge, as git shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.words import Words

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, JobId


class HowMerged(Words):
    """How the work of a branch came to the target."""

    MERGE = "merge"
    """By a commit that has the branch's commit as a parent, or by moving the target to the branch's commit."""
    SQUASH = "squash"
    """By one new commit with the same changes."""
    REBASE = "rebase"
    """By new commits with the same changes, one for each of the branch."""


class BranchMerge(Value):
    """One branch that was merged."""

    job: JobId
    commit: CommitId
    """The commit of the branch."""
    merge: CommitId
    """The commit of the target with which the work was complete there."""
    how: HowMerged
    before: CommitId
    """The commit of the target before it."""
    by: str
    """Who merged, as the commit names its author; nothing proves the name."""
    signer: str = ""
    """Whose key signed the merge; empty where no key that the run began with did."""


class CodeMerges(Value):
    """All branches of a report, merged on the remote's target."""

    tip: CommitId
    """The commit of the target with which the last of them was complete."""
    merges: tuple[BranchMerge, ...]
