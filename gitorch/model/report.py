"""The merge report, the approval of it, and the merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, Digest, JobId, Moment
    from gitorch.model.review import Check


class BranchFacts(Value):
    """One branch as the merge report states it, measured against the target's commit.

    `against_target` are the paths in which it alone conflicts with the target. `outdated` are the jobs that it was built
    on and that have gone on since: what is merged of them now is not part of this branch.
    """

    job: JobId
    branch: str
    commit: CommitId
    commits: int
    files: int
    added: int
    removed: int
    paths: tuple[str, ...] = ()
    against_target: tuple[str, ...] = ()
    outdated: tuple[JobId, ...] = ()


class Trial(Value):
    """Two branches that change the same files, merged with each other in memory: `conflicts` are the paths that do not fit."""

    jobs: tuple[JobId, ...]
    paths: tuple[str, ...]
    conflicts: tuple[str, ...]


class Report(Value):
    """The merge report: everything an approval binds to. `digest` is that of the report's own text.

    `conflicts` are pairs or branches that do not merge; `combined` is the test of the merged tree.
    """

    digest: Digest
    checkpoint: JobId
    target: str
    target_commit: CommitId
    branches: tuple[BranchFacts, ...]
    merged_commit: CommitId | None
    merged_tree: str
    conflicts: tuple[str, ...] = ()
    shared_paths: tuple[str, ...] = ()
    combined: Check | None = None


class Approval(Value):
    """The principal's word for exactly one report. `proof` is `typed`, `yes-flag` or `signed`."""

    digest: Digest
    by: str
    at: Moment
    proof: str


class Merged(Value):
    """The target moved from `old` to `new`, once, by compare-and-swap.

    `push` says what becomes of it at the remote, where one is configured: `` (it is owed), `pushed`, `left` (the principal
    decided to leave it unpushed), `back` (the principal wants the merge undone).
    """

    target: str
    old: CommitId
    new: CommitId
    at: Moment
    push: str = ""
