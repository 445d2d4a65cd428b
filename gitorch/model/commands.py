"""What somebody wants: imperative, frozen, with every fact that a decision needs already looked up.

A command never reaches into git or tmux: whoever makes it puts the facts in (`WorkFacts`, a token's digest).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.artifact import EscalationKind
from gitorch.model.hand_commands import (
    CancelJob,
    ClaimJob,
    Decide,
    ExpireLeases,
    Heartbeat,
    PublishArtifact,
    ReleaseLease,
    RequeueJob,
)
from gitorch.model.review import Severity
from gitorch.model.values import dataclass

if TYPE_CHECKING:
    from gitorch.model.ids import (
        CommitId,
        Digest,
        HandInId,
        JobId,
        LetterId,
        MessageId,
        Moment,
        QuestionId,
        RunId,
        SessionId,
    )
    from gitorch.model.message import Message
    from gitorch.model.permission import Answered
    from gitorch.model.record import Actor
    from gitorch.model.review import Check, Choice, Finding, Reply, ReportStatus
    from gitorch.model.run import BranchFacts, Trial
    from gitorch.model.workflow import Settings, Workflow


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """What git says of a job's worktree at the moment of a handoff. `head` is None without a branch.

    `changed` are the paths that differ between the job's base and `head`; `missing` are expected files not there.
    `fresh` are the commits since the handoff before this one, newest first, where findings are answered as fixed.
    `hazards` say what else keeps the changes from being merged. `by_host` says that gitorch committed what stood in the worktree, so that its agent cannot name the commit.
    """

    head: CommitId | None
    uncommitted: tuple[str, ...]
    commits: int
    changed: tuple[str, ...]
    missing: tuple[str, ...] = ()
    fresh: tuple[CommitId, ...] = ()
    by_host: bool = False
    hazards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectPlan:
    """Record that `start` refused a plan, and tell its coordinator where one is named."""

    plan: str
    failures: tuple[str, ...]
    coordinator: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmTarget:
    """The principal confirms a merge target for this repository."""

    target: str


@dataclass(frozen=True, slots=True)
class PrepareRun:
    """Freeze a compiled workflow as a new run."""

    run: RunId
    title: str
    plan: str
    plan_digest: Digest
    target: str
    target_commit: CommitId
    workflow: Workflow


@dataclass(frozen=True, slots=True)
class ConfirmRun:
    """The answers of the question sheet."""

    settings: Settings
    proof: str


@dataclass(frozen=True, slots=True)
class StartRun:
    """The loop takes a confirmed run up."""


@dataclass(frozen=True, slots=True)
class PauseRun:
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeRun:
    pass


@dataclass(frozen=True, slots=True)
class CancelRun:
    reason: str


@dataclass(frozen=True, slots=True)
class GrantLease:
    """Give a queued job to a session: the job's living one, or a new one with this token."""

    job: JobId
    session: SessionId
    fresh: bool
    token: Digest
    nonce: str


@dataclass(frozen=True, slots=True)
class RenewLease:
    job: JobId
    fence: int


@dataclass(frozen=True, slots=True)
class MarkAlive:
    session: SessionId
    pid: int
    evidence: str


@dataclass(frozen=True, slots=True)
class EndSession:
    """A session was seen to be over, or was stopped; what follows for its job is decided by the rules."""

    session: SessionId
    how: str
    exit_status: int | None = None
    screen: str = ""
    conversation: str = ""


@dataclass(frozen=True, slots=True)
class RecordDelivery:
    session: SessionId
    letter: LetterId
    receipt: str


@dataclass(frozen=True, slots=True)
class Nudge:
    session: SessionId


@dataclass(frozen=True, slots=True)
class RecordPrompt:
    """The session's permission prompt of this number, counted from 0, was answered."""

    session: SessionId
    number: int
    answered: Answered


@dataclass(frozen=True, slots=True)
class TakeSlip:
    """A slip of a session's outbox is carried out by the command beside it, once."""

    session: SessionId
    slip: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class RecordBase:
    job: JobId
    commit: CommitId
    parents: tuple[CommitId, ...]


@dataclass(frozen=True, slots=True)
class HandIn:
    """A report on the job of a session. `job` and `fence` are what the caller named, if anything."""

    token: Digest
    job: JobId | None
    status: ReportStatus
    summary: str
    facts: WorkFacts
    concerns: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    blocker: str = ""
    clears: str = ""
    blocker_kind: EscalationKind = EscalationKind.AI_SELF_DECLARED
    blocker_severity: Severity = Severity.BLOCKING
    tests_claimed: str = ""
    replies: tuple[Reply, ...] = ()
    fence: int = 0


@dataclass(frozen=True, slots=True)
class GiveVerdict:
    """A reviewer's judgement. `nonce` and `commit` must be those of its brief."""

    token: Digest
    job: JobId | None
    nonce: str
    commit: CommitId
    verdict: Choice
    findings: tuple[Finding, ...]
    text: str
    fence: int = 0


@dataclass(frozen=True, slots=True)
class AdoptHandIn:
    """Let a hand-in that was kept count. `facts` are those of its worktree now, where it has one."""

    hand_in: HandInId
    facts: WorkFacts
    reason: str


@dataclass(frozen=True, slots=True)
class RecordCheck:
    job: JobId
    check: Check


@dataclass(frozen=True, slots=True)
class VoidWork:
    """The branch of a handed-in job holds another commit than the one handed in."""

    job: JobId
    found: CommitId


@dataclass(frozen=True, slots=True)
class NoteOverlap:
    jobs: tuple[JobId, ...]
    paths: tuple[str, ...]
    conflict: bool


@dataclass(frozen=True, slots=True)
class NoteClosedEarly:
    """The tracker shows the epic of this job as closed before its gate."""

    job: JobId


@dataclass(frozen=True, slots=True)
class RecordClosingFailure:
    """Closing a job's issues failed."""

    job: JobId
    reason: str


@dataclass(frozen=True, slots=True)
class RecordClosing:
    """A job's issues are closed in the tracker: these by this run; those owed are left to people."""

    job: JobId
    closed: tuple[str, ...]
    owed: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Escalate:
    """Ask the principal to decide; every part must say something. The same trigger is not raised twice."""

    trigger: str
    happened: str
    tried: str
    evidence: str
    decision: str
    options: tuple[str, ...]
    job: JobId | None = None
    session: SessionId | None = None


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    question: QuestionId
    option: str
    text: str


@dataclass(frozen=True, slots=True)
class Remind:
    question: QuestionId


@dataclass(frozen=True, slots=True)
class OpenCheckpoint:
    """Ask the principal at a checkpoint that no merge depends on."""

    job: JobId


@dataclass(frozen=True, slots=True)
class MergeFacts:
    """What git and the tests say of a merge that could be made: `merged_commit` is None when it cannot."""

    target_commit: CommitId
    branches: tuple[BranchFacts, ...]
    merged_commit: CommitId | None
    merged_tree: str
    conflicts: tuple[str, ...]
    shared_paths: tuple[str, ...]
    combined: Check | None
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class IssueReport:
    """The merge report was made; `text` is what people read, `digest` that of its bytes, `data` the same as JSON."""

    checkpoint: JobId
    digest: Digest
    facts: MergeFacts
    text: str
    data: str = ""


@dataclass(frozen=True, slots=True)
class RecordEpicReport:
    """The report of one epic was made of this commit."""

    job: JobId
    commit: CommitId
    text: str


@dataclass(frozen=True, slots=True)
class VoidReport:
    reason: str


@dataclass(frozen=True, slots=True)
class ApproveMerge:
    """The principal approves the report with this digest, and nothing else.

    `signer` is whose key signed it, where the signature was checked against the keys that the run began with.
    """

    digest: Digest
    proof: str
    text: str = ""
    signer: str = ""


@dataclass(frozen=True, slots=True)
class RejectMerge:
    rework: tuple[JobId, ...]
    text: str


@dataclass(frozen=True, slots=True)
class RecordMerge:
    old: CommitId
    new: CommitId
    tree: str


@dataclass(frozen=True, slots=True)
class RecordPush:
    """The remote's branch holds the merge; `old` is what it held before, None where it held it already."""

    remote: str
    old: CommitId | None
    new: CommitId


@dataclass(frozen=True, slots=True)
class RecordTakenBack:
    """The target is where it was before the merge."""

    old: CommitId
    new: CommitId


@dataclass(frozen=True, slots=True)
class RecordCleanup:
    removed: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordRefusal:
    """Keep an attempt that was refused or denied."""

    verb: str
    code: str
    reason: str
    job: JobId | None = None


@dataclass(frozen=True, slots=True)
class RetryJob:
    """The principal wants another try at a job."""

    job: JobId
    text: str = ""


@dataclass(frozen=True, slots=True)
class RestartAgent:
    """The principal wants a new agent on a job that one is at work on."""

    job: JobId


@dataclass(frozen=True, slots=True)
class StopAgent:
    """The principal wants the agent of a job ended, and to decide later how to go on."""

    job: JobId


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Tell somebody something. `sender` empty means the caller's own name; `known` are the names of people beside the usual ones."""

    to: tuple[str, ...]
    text: str
    sender: str = ""
    answers: Message | None = None
    plan: str = ""
    plan_digest: Digest | None = None
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadMessages:
    """These messages were shown whole to their reader."""

    reader: str
    messages: tuple[MessageId, ...]


Command = (
    RejectPlan
    | ConfirmTarget
    | PrepareRun
    | ConfirmRun
    | StartRun
    | PauseRun
    | ResumeRun
    | CancelRun
    | GrantLease
    | RenewLease
    | MarkAlive
    | EndSession
    | RecordDelivery
    | Nudge
    | RecordPrompt
    | TakeSlip
    | RecordBase
    | HandIn
    | GiveVerdict
    | RecordCheck
    | VoidWork
    | NoteOverlap
    | NoteClosedEarly
    | RecordClosingFailure
    | RecordClosing
    | Escalate
    | AnswerQuestion
    | Remind
    | OpenCheckpoint
    | IssueReport
    | RecordEpicReport
    | VoidReport
    | ApproveMerge
    | RejectMerge
    | RecordMerge
    | RecordPush
    | RecordTakenBack
    | RecordCleanup
    | RecordRefusal
    | RetryJob
    | RestartAgent
    | StopAgent
    | SendMessage
    | ReadMessages
    | ClaimJob
    | Heartbeat
    | ReleaseLease
    | ExpireLeases
    | RequeueJob
    | CancelJob
    | AdoptHandIn
    | PublishArtifact
    | Decide
)


@dataclass(frozen=True, slots=True)
class Order:
    """A command with who gives it and when: all that a decision may know of the outside."""

    actor: Actor
    at: Moment
    command: Command
