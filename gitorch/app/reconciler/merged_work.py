"""Which work branches of a run hold commits that its target does not have, asked of git: a phase in the ledger proves no merge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.target import target_head
from gitorch.model.counts import counted, noun_for
from gitorch.model.events import CodeMerged
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId
    from gitorch.model.work.code_merge import BranchMerge
    from gitorch.model.work.run import Run


class WorkBranch(Value):
    """A work branch, as git has it now."""

    tip: CommitId
    unmerged: str
    """Why its work would be lost with it, such as `2 commits are not in main`; empty once all of it is merged."""


def work_branches(services: Services, run: Run) -> Mapping[str, WorkBranch]:
    """Every work branch of a run by its short name, sorted.

    A branch is merged where the target has its tip, or where a forge squashed or rebased the approved commit into the
    target and nothing came after it. Raises Unavailable where git, or the remote of a shared target, cannot tell.
    """
    keepers = list(_keepers(services, run))
    for merge in forge_merges(services, run):
        if _is_kept(services, merge.merge, keepers):
            keepers.append(merge.commit)

    found: dict[str, WorkBranch] = {}
    for branch in services.worktrees.work_branches(run.id):
        tip = services.git.resolve(branch)
        if tip is not None:
            found[branch] = WorkBranch(tip, _unmerged(services, run, tip, keepers))
    return found


def forge_merges(services: Services, run: Run) -> tuple[BranchMerge, ...]:
    """How a forge merged each branch of the approved report; empty for a run that gitorch merged itself."""
    for written in services.ledger.newest(run.id, (CodeMerged,)):
        event = written.record.event
        if isinstance(event, CodeMerged):
            return event.merges

    return ()


def _keepers(services: Services, run: Run) -> Iterator[CommitId]:
    """The commits of the target: its newest one here, and the merge, which a forge may have made and nobody pulled yet.

    The merge counts only while a branch outside of the run has it: a target that was set back no longer does.
    """
    head = target_head(services, run.target)
    if head is not None:
        yield head

    if run.merged is None:
        return

    own = f"refs/heads/gitorch/{run.id}/"
    if not all(ref.startswith(own) for ref in services.worktrees.branches_with(run.merged.new)):
        yield run.merged.new


def _is_kept(services: Services, commit: CommitId, keepers: Sequence[CommitId]) -> bool:
    """Whether this clone has a commit, and one of these has it in its history."""
    if not services.git.has(commit):
        return False

    return any(services.git.contains(commit, keeper) for keeper in keepers)


def _unmerged(
    services: Services,
    run: Run,
    tip: CommitId,
    keepers: Sequence[CommitId],
) -> str:
    """Why a commit is not merged; empty where one of the keepers has it."""
    if not keepers:
        return f"there is no branch {run.target} that could have its work"

    if _is_kept(services, tip, keepers):
        return ""

    missing = [services.git.commits_since(keeper, tip) for keeper in keepers]
    count = min(map(len, missing))
    return f"{counted(count, 'commit')} {noun_for(count, 'is', 'are')} not in {run.target}"
