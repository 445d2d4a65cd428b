"""The merge report, the approval of it, and the merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.approval import words_of
from gitorch.model.values import Value
from gitorch.model.words import Words

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, Digest, JobId, Moment, RunId
    from gitorch.model.work.proposal import Claims
    from gitorch.model.work.review import Check


class HowChanged(Words):
    """What happened to a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"


class FileChange(Value):
    """One file that a branch changes."""

    path: str
    how: HowChanged
    before: str = ""
    """The path of a renamed file before."""
    added: int = 0
    """Lines added; none in a binary file."""
    removed: int = 0
    """Lines removed; none in a binary file."""
    binary: bool = False
    mode: str = ""
    """git's modes before and after, `100644 → 100755`; empty if the mode stayed, and for a new ordinary file."""
    size: int = 0
    """The bytes of the new content; 0 for a deleted file and for a submodule."""

    @property
    def old_path(self) -> str:
        """Its path before the change, also where it kept it; that of a new file is the new one."""
        return self.before or self.path


class BranchFacts(Value):
    """One branch as the merge report states it, measured against the target's commit."""

    job: JobId
    branch: str
    commit: CommitId
    commits: int
    files: int
    added: int
    removed: int
    paths: tuple[str, ...] = ()
    against_target: tuple[str, ...] = ()
    """Paths in which it alone conflicts with the target."""
    outdated: tuple[JobId, ...] = ()
    """Jobs that it was built on and whose work has changed since; the merge contains their newer commits."""
    changes: tuple[FileChange, ...] = ()
    """How each file changed. The report and its data have them, the record of the report does not."""
    weakened: tuple[str, ...] = ()
    """What the change takes away from tests, a clause for each file: `test_a.py: 2 tests fewer`."""


class Trial(Value):
    """Two branches that change the same files, merged with each other in memory."""

    jobs: tuple[JobId, ...]
    paths: tuple[str, ...]
    conflicts: tuple[str, ...]
    """Paths that conflict."""


class OutsideChange(Value):
    """A ref, a setting or a file of the git directory that changed since the run began, and that is no work branch of a run."""

    name: str
    """The full name of a ref, `config/` with the key of a setting, `hooks/` with a file name, or `info/attributes`."""
    before: str
    """The commit of a ref, or the digest of a setting or file; empty when it did not exist."""
    after: str
    """The same at the time of the report; empty when it was removed."""
    commits: tuple[str, ...] = ()
    """On the target: short id, author and subject of each new commit that no review saw, newest first."""
    rewritten: bool = False
    """Whether the target lost commits that it had."""


class Redone(Value):
    """Lines of an epic that was merged before, and that a merge takes away or replaces."""

    run: RunId
    job: JobId
    lane: str
    runtime: str
    """The program that wrote them."""
    model: str
    """Empty where it is not known."""
    lines: int


class Report(Value):
    """The merge report: everything that an approval binds to."""

    digest: Digest
    """The digest of the report's text."""
    checkpoint: JobId
    target: str
    target_commit: CommitId
    branches: tuple[BranchFacts, ...]
    merged_commit: CommitId | None
    merged_tree: str
    conflicts: tuple[str, ...] = ()
    """Pairs or branches that do not merge."""
    shared_paths: tuple[str, ...] = ()
    combined: Check | None = None
    """The test of the merged tree."""


class Approval(Value):
    """The principal's approval of exactly one report."""

    digest: Digest
    by: str
    at: Moment
    proof: str
    """What proves that a human gave it; `model.plans.approval.grade_of` reads its grade."""
    claims: Claims | None = None
    """What only the forge says about an approval by pull request."""

    @property
    def sentence(self) -> str:
        """Who approved, and what proves it: `approved by ada (typed at a terminal)`."""
        return f"approved by {self.by} ({words_of(self.proof)})"


class Merged(Value):
    """The one move of the target from `old` to `new`, by compare-and-swap."""

    target: str
    old: CommitId
    new: CommitId
    at: Moment
    push: str = ""
    """If a remote is configured: empty until the merge is pushed, `pushed`, `left` (the principal leaves it unpushed) or `back` (the principal wants the merge undone)."""
