"""What remains to be done in the world, according to the ledger. Every effect is idempotent: look first, act, leave a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, JobId, PromptId, SessionId
    from gitorch.model.plans.permission import PermissionAnswer


class StartSession(Value):
    """Make the worktree if it is missing and start the session's agent in it."""

    session: SessionId
    job: JobId


class SetUpWorktree(Value):
    """Make the session's worktree if it is missing, and begin to make it ready for work."""

    session: SessionId
    job: JobId


class StopSession(Value):
    """End the session's process tree and its terminal."""

    session: SessionId


class DeliverPrompt(Value):
    """Deliver the next prompt to the session, once."""

    session: SessionId
    prompt: PromptId


class AnswerPermission(Value):
    """Choose an option in the permission request with exactly this text, as a rule of the lane decides."""

    session: SessionId
    answer: PermissionAnswer


class StartCheck(Value):
    """Run the test command on a clean checkout of this commit."""

    commit: CommitId


class BuildBase(Value):
    """Merge the commits that a job depends on into the base of its branch."""

    job: JobId
    parents: tuple[CommitId, ...]


class MakeReport(Value):
    """Gather the facts of the merge report before this checkpoint."""

    checkpoint: JobId


class MakeEpicReport(Value):
    """Gather the facts of one epic's report."""

    job: JobId


class MergeBranches(Value):
    """Move the target to the approved commit, all or nothing."""

    job: JobId


class OpenPulls(Value):
    """Push the approved branches and open a pull request for each."""

    job: JobId


class PushMerge(Value):
    """Push the merged commit to the configured remote, if that fast-forwards its branch."""

    job: JobId


class TakeBack(Value):
    """Move the target back to its commit before the merge, if it still holds the merge."""

    job: JobId


class CloseIssues(Value):
    """Close the tracker's issues of a job that passed its gate."""

    job: JobId


class Notify(Value):
    """Run the configured command to notify people of one thing that waits for them."""

    name: str


class CleanUp(Value):
    """Stop the remaining sessions and remove worktrees that are clean and merged."""

    branches: bool
    """Whether to delete merged branches too."""


Effect = (
    StartSession
    | SetUpWorktree
    | StopSession
    | DeliverPrompt
    | AnswerPermission
    | StartCheck
    | BuildBase
    | MakeReport
    | MakeEpicReport
    | MergeBranches
    | OpenPulls
    | PushMerge
    | TakeBack
    | CloseIssues
    | Notify
    | CleanUp
)
