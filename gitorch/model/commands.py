"""What somebody wants: imperative, frozen, with every fact that a decision needs already looked up.

A command never reaches into git or tmux: whoever makes it puts the facts in (`WorkFacts`, a token's digest).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.artifact import EscalationKind
from gitorch.model.review import Severity
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.model.artifact import Document, Outcome
    from gitorch.model.ids import (
        CommitId,
        Digest,
        JobId,
        LateHandoffId,
        MessageId,
        Moment,
        PromptId,
        QuestionId,
        RunId,
        SessionId,
    )
    from gitorch.model.message import Message
    from gitorch.model.permission import PermissionAnswer
    from gitorch.model.record import Actor
    from gitorch.model.report import BranchFacts, Trial
    from gitorch.model.review import Check, Choice, Finding, Reply, ReportStatus
    from gitorch.model.workflow import Settings, Workflow


class WorkFacts(Value):
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


class RejectPlan(Value):
    """Record that `start` refused a plan, and tell its coordinator where one is named."""

    plan: str
    failures: tuple[str, ...]
    coordinator: str = ""


class ConfirmTarget(Value):
    """The principal confirms a merge target for this repository."""

    target: str


class PrepareRun(Value):
    """Freeze a compiled workflow as a new run."""

    run: RunId
    title: str
    plan: str
    plan_digest: Digest
    target: str
    target_commit: CommitId
    workflow: Workflow


class ConfirmRun(Value):
    """The answers of the question sheet."""

    settings: Settings
    proof: str


class StartRun(Value):
    """The loop takes a confirmed run up."""


class PauseRun(Value):
    reason: str


class ResumeRun(Value):
    pass


class CancelRun(Value):
    reason: str


class GrantLease(Value):
    """Give a queued job to a session: the job's living one, or a new one with this token."""

    job: JobId
    session: SessionId
    fresh: bool
    token: Digest
    nonce: str


class RenewLease(Value):
    job: JobId
    fence: int


class MarkAlive(Value):
    session: SessionId
    pid: int
    evidence: str


class EndSession(Value):
    """A session was seen to be over, or was stopped; what follows for its job is decided by the rules."""

    session: SessionId
    how: str
    exit_status: int | None = None
    screen: str = ""
    conversation: str = ""


class RecordDelivery(Value):
    session: SessionId
    prompt: PromptId
    receipt: str


class Nudge(Value):
    session: SessionId


class RecordPermission(Value):
    """The session's permission prompt of this number, counted from 0, was answered."""

    session: SessionId
    number: int
    answered: PermissionAnswer


class AcceptOutboxEntry(Value):
    """An outbox entry of a session's outbox is carried out by the command beside it, once."""

    session: SessionId
    entry: str
    digest: Digest


class RecordBase(Value):
    job: JobId
    commit: CommitId
    parents: tuple[CommitId, ...]


class SubmitHandoff(Value):
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


class GiveVerdict(Value):
    """A reviewer's judgement. `nonce` and `commit` must be those of its brief."""

    token: Digest
    job: JobId | None
    nonce: str
    commit: CommitId
    verdict: Choice
    findings: tuple[Finding, ...]
    text: str
    fence: int = 0


class AdoptLateHandoff(Value):
    """Let a handoff that was kept count. `facts` are those of its worktree now, where it has one."""

    late_handoff: LateHandoffId
    facts: WorkFacts
    reason: str


class RecordCheck(Value):
    job: JobId
    check: Check


class VoidWork(Value):
    """The branch of a submitted job holds another commit than the one handed in."""

    job: JobId
    found: CommitId


class NoteOverlap(Value):
    jobs: tuple[JobId, ...]
    paths: tuple[str, ...]
    conflict: bool


class NoteClosedEarly(Value):
    """The tracker shows the epic of this job as closed before its gate."""

    job: JobId


class RecordClosingFailure(Value):
    """Closing a job's issues failed."""

    job: JobId
    reason: str


class RecordClosing(Value):
    """A job's issues are closed in the tracker: these by this run; those owed are left to people."""

    job: JobId
    closed: tuple[str, ...]
    owed: tuple[str, ...] = ()
    reason: str = ""


class Escalate(Value):
    """Ask the principal to decide; every part must say something. The same trigger is not raised twice."""

    trigger: str
    happened: str
    tried: str
    evidence: str
    decision: str
    options: tuple[str, ...]
    job: JobId | None = None
    session: SessionId | None = None


class AnswerQuestion(Value):
    question: QuestionId
    option: str
    text: str


class Remind(Value):
    question: QuestionId


class OpenCheckpoint(Value):
    """Ask the principal at a checkpoint that no merge depends on."""

    job: JobId


class MergeFacts(Value):
    """What git and the tests say of a merge that could be made: `merged_commit` is None when it cannot."""

    target_commit: CommitId
    branches: tuple[BranchFacts, ...]
    merged_commit: CommitId | None
    merged_tree: str
    conflicts: tuple[str, ...]
    shared_paths: tuple[str, ...]
    combined: Check | None
    trials: tuple[Trial, ...] = ()


class IssueReport(Value):
    """The merge report was made; `text` is what people read, `digest` that of its bytes, `data` the same as JSON."""

    checkpoint: JobId
    digest: Digest
    facts: MergeFacts
    text: str
    data: str = ""


class RecordEpicReport(Value):
    """The report of one epic was made of this commit."""

    job: JobId
    commit: CommitId
    text: str


class VoidReport(Value):
    reason: str


class ApproveMerge(Value):
    """The principal approves the report with this digest, and nothing else.

    `signer` is whose key signed it, where the signature was checked against the keys that the run began with.
    """

    digest: Digest
    proof: str
    text: str = ""
    signer: str = ""


class RejectMerge(Value):
    rework: tuple[JobId, ...]
    text: str


class RecordMerge(Value):
    old: CommitId
    new: CommitId
    tree: str


class RecordPush(Value):
    """The remote's branch holds the merge; `old` is what it held before, None where it held it already."""

    remote: str
    old: CommitId | None
    new: CommitId


class RecordTakenBack(Value):
    """The target is where it was before the merge."""

    old: CommitId
    new: CommitId


class RecordCleanup(Value):
    removed: tuple[str, ...]
    kept: tuple[str, ...]


class RecordRefusal(Value):
    """Keep an attempt that was refused or denied."""

    verb: str
    code: str
    reason: str
    job: JobId | None = None


class RetryJob(Value):
    """The principal wants another try at a job."""

    job: JobId
    text: str = ""


class RestartAgent(Value):
    """The principal wants a new agent on a job that one is at work on."""

    job: JobId


class StopAgent(Value):
    """The principal wants the agent of a job ended, and to decide later how to go on."""

    job: JobId


class SendMessage(Value):
    """Tell somebody something. `sender` empty means the caller's own name; `known` are the names of people beside the usual ones."""

    to: tuple[str, ...]
    text: str
    sender: str = ""
    answers: Message | None = None
    plan: str = ""
    plan_digest: Digest | None = None
    known: tuple[str, ...] = ()


class ReadMessages(Value):
    """These messages were shown whole to their reader."""

    reader: str
    messages: tuple[MessageId, ...]


class Order(Value):
    """A command with who gives it and when: all that a decision may know of the outside."""

    actor: Actor
    at: Moment
    command: Command


class ClaimJob(Value):
    """Take a job's lease by hand: the one that is named, or the first of the queue. The session is always a new one.

    `tokens` gives the digest of a session's token: its number is known only when the decision is made. `runtime` is what
    works, where it is not the lane's.
    """

    job: JobId | None
    tokens: Callable[[SessionId], Digest]
    nonce: str
    runtime: str = ""


class Heartbeat(Value):
    """The holder of a lease is at work. `fence` 0 means that no number was said."""

    token: Digest
    fence: int = 0


class ReleaseLease(Value):
    """The holder gives a job back as it is."""

    token: Digest
    fence: int = 0


class ExpireLeases(Value):
    """End every lease held by hand whose time has passed."""


class RequeueJob(Value):
    """Queue stale work again."""

    job: JobId
    reason: str


class CancelJob(Value):
    """Give a job up, with everything that cannot be done without it."""

    job: JobId
    reason: str


class PublishArtifact(Value):
    """Keep a document of a job. `trouble` is what is wrong with the file where it lies, `secrets` what it seems to hold.

    `faults` are the claims that were looked up and are not supported; `override` is the principal's reason to keep secrets.
    """

    token: Digest
    name: str
    path: str
    digest: Digest
    size: int
    document: Document
    trouble: str = ""
    secrets: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    override: str = ""
    fence: int = 0


class Decide(Value):
    """The principal's decision about a job's work."""

    job: JobId
    outcome: Outcome
    text: str
    follow_up: str = ""


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
    | RecordPermission
    | AcceptOutboxEntry
    | RecordBase
    | SubmitHandoff
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
    | AdoptLateHandoff
    | PublishArtifact
    | Decide
)
