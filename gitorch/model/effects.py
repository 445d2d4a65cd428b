"""What the world still owes the ledger. Every effect is idempotent: look first, act, leave a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import dataclass

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, JobId, LetterId, SessionId
    from gitorch.model.permission import Answered


@dataclass(frozen=True, slots=True)
class StartSession:
    """Make the worktree if it is missing and start the session's agent in it."""

    session: SessionId
    job: JobId


@dataclass(frozen=True, slots=True)
class StopSession:
    """End the session's process tree and its terminal."""

    session: SessionId


@dataclass(frozen=True, slots=True)
class DeliverLetter:
    """Bring the next text to the session, once."""

    session: SessionId
    letter: LetterId


@dataclass(frozen=True, slots=True)
class AnswerPrompt:
    """Choose an option in the permission prompt that asks exactly this, since a rule of the lane says so."""

    session: SessionId
    answer: Answered


@dataclass(frozen=True, slots=True)
class StartCheck:
    """Run the test command on a clean checkout of this commit."""

    commit: CommitId


@dataclass(frozen=True, slots=True)
class BuildBase:
    """Merge the commits that a job depends on into the commit that its branch starts from."""

    job: JobId
    parents: tuple[CommitId, ...]


@dataclass(frozen=True, slots=True)
class MakeReport:
    """Gather the facts of the merge report before this checkpoint."""

    checkpoint: JobId


@dataclass(frozen=True, slots=True)
class MakeEpicReport:
    """Gather the facts of one epic's report."""

    job: JobId


@dataclass(frozen=True, slots=True)
class MergeBranches:
    """Move the target to the approved commit, all or nothing."""

    job: JobId


@dataclass(frozen=True, slots=True)
class PushMerge:
    """Bring the merged commit to the configured remote, where that is no more than moving its branch forward."""

    job: JobId


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Move the target back to where it was before the merge, if it still is where the merge brought it."""

    job: JobId


@dataclass(frozen=True, slots=True)
class CloseIssues:
    """Close in the tracker what belongs to a job that passed its gate."""

    job: JobId


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell people of one thing that waits for them, by the configured command."""

    name: str


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Stop what is left and remove worktrees that are clean and merged."""

    branches: bool


Effect = (
    StartSession
    | StopSession
    | DeliverLetter
    | AnswerPrompt
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
