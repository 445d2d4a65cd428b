"""What the world still owes the ledger. Every effect is idempotent: look first, act, leave a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, JobId, PromptId, SessionId
    from gitorch.model.permission import PermissionAnswer


class StartSession(Value):
    """Make the worktree if it is missing and start the session's agent in it."""

    session: SessionId
    job: JobId


class StopSession(Value):
    """End the session's process tree and its terminal."""

    session: SessionId


class DeliverPrompt(Value):
    """Bring the next text to the session, once."""

    session: SessionId
    prompt: PromptId


class AnswerPermission(Value):
    """Choose an option in the permission prompt that asks exactly this, since a rule of the lane says so."""

    session: SessionId
    answer: PermissionAnswer


class StartCheck(Value):
    """Run the test command on a clean checkout of this commit."""

    commit: CommitId


class BuildBase(Value):
    """Merge the commits that a job depends on into the commit that its branch starts from."""

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


class PushMerge(Value):
    """Bring the merged commit to the configured remote, where that is no more than moving its branch forward."""

    job: JobId


class TakeBack(Value):
    """Move the target back to where it was before the merge, if it still is where the merge brought it."""

    job: JobId


class CloseIssues(Value):
    """Close in the tracker what belongs to a job that passed its gate."""

    job: JobId


class Notify(Value):
    """Tell people of one thing that waits for them, by the configured command."""

    name: str


class CleanUp(Value):
    """Stop what is left and remove worktrees that are clean and merged."""

    branches: bool


Effect = (
    StartSession
    | StopSession
    | DeliverPrompt
    | AnswerPermission
    | StartCheck
    | BuildBase
    | MakeReport
    | MakeEpicReport
    | MergeBranches
    | PushMerge
    | TakeBack
    | CloseIssues
    | Notify
    | CleanUp
)
