"""Commands: frozen requests to change a run, with every fact that the decision needs.

A command never reaches into git or tmux: its maker looks the facts up first (`WorkFacts`, a token's digest).
The modules of `rules.deciding` name the commands that they decide in their own tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.work.artifact import EscalationKind
from gitorch.model.work.review import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    from gitorch.model.plans.permission import PermissionAnswer
    from gitorch.model.plans.workflow import Settings, Workflow
    from gitorch.model.record import Actor
    from gitorch.model.work.artifact import Document, Outcome
    from gitorch.model.work.code_merge import CodeMerges
    from gitorch.model.work.fault import Step
    from gitorch.model.work.message import Message
    from gitorch.model.work.proposal import Claims, Proposal
    from gitorch.model.work.report import BranchFacts, OutsideChange, Redone, Trial
    from gitorch.model.work.review import Check, Choice, Finding, Reply, ReportStatus
    from gitorch.model.work.usage import UsageReading


class WorkFacts(Value):
    """What git says of a job's worktree at the time of a handoff."""

    head: CommitId | None
    """None without a branch."""
    uncommitted: tuple[str, ...]
    commits: int
    changed: tuple[str, ...]
    """Paths that differ between the job's base and `head`."""
    missing: tuple[str, ...] = ()
    """Expected files that are not there."""
    fresh: tuple[CommitId, ...] = ()
    """Commits since the handoff before this one, newest first; filled when findings are answered as fixed."""
    by_host: bool = False
    """Whether gitorch committed the worktree, so that its agent cannot name the commit."""
    hazards: tuple[str, ...] = ()
    """What else keeps the changes from being merged, as sentences."""
    branch: str = ""
    """The branch that the worktree has checked out, `(detached)` without one; empty where nobody asked."""
    checked_out: CommitId | None = None
    """The commit that the worktree has checked out, on a branch or not; None where nobody asked."""
    mend: str = ""
    """The command that brings the work to the job's own branch, where the worktree has another one checked out."""
    worktree: str = ""
    """The path of the worktree; empty where nobody asked."""


class RejectPlan(Value):
    """Record that `start` refused a plan, and notify its coordinator."""

    plan: str
    failures: tuple[str, ...]
    coordinator: str = ""
    """Empty for none."""


class ConfirmTarget(Value):
    """Confirm a merge target for this repository."""

    target: str


class AddHost(Value):
    """Let a host write records, or give it another key."""

    host: str
    key: str


class LabelHost(Value):
    """Record the labels of this host."""

    labels: tuple[str, ...]


class RemoveHost(Value):
    """Take a host's right to write records away."""

    host: str


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
    """Confirm a prepared run with the answers of the question sheet."""

    settings: Settings
    proof: str
    git_settings: Mapping[str, str] | None = None
    """Digests of the git settings, hooks and attributes that could run a program."""
    repository: Digest | None = None
    """The digest of the attached `repository.json`: refs, settings and hooks."""


class StartRun(Value):
    """Take up a confirmed run."""


class PauseRun(Value):
    """Pause a running run."""

    reason: str


class ResumeRun(Value):
    """Resume a paused run."""


class CancelRun(Value):
    """End a run and keep its branches."""

    reason: str


class TakeSettings(Value):
    """Record the git settings of a host that did not prepare the run; once for each host."""

    git_settings: Mapping[str, str]


class GrantLease(Value):
    """Give a queued job to a session: the job's living one, or a new one with this token."""

    job: JobId
    session: SessionId
    fresh: bool
    token: Digest
    nonce: str


class RenewLease(Value):
    """Extend a lease of gitorch's own session."""

    job: JobId
    fence: int


class MarkAlive(Value):
    """Record the first sign of life of a session."""

    session: SessionId
    pid: int
    evidence: str


class EndSession(Value):
    """Record that a session ended or was stopped; the rules decide what becomes of its job."""

    session: SessionId
    how: str
    exit_status: int | None = None
    screen: str = ""
    conversation: str = ""


class RecordUsage(Value):
    """Record what a session has used since it began."""

    session: SessionId
    usage: UsageReading


class RecordDelivery(Value):
    """Record that a prompt reached its session."""

    session: SessionId
    prompt: PromptId
    receipt: str


class Nudge(Value):
    """Remind a silent session, once."""

    session: SessionId


class RemindOfRefusal(Value):
    """Remind a session of its refused report, once for each refusal."""

    session: SessionId


class RecordPermission(Value):
    """Record that a rule answered the session's permission request of this number, counted from 0."""

    session: SessionId
    number: int
    answered: PermissionAnswer


class NoteSilentChannel(Value):
    """Record that a control channel to the session's program does not answer, so that the next one is used."""

    session: SessionId
    channel: str
    reason: str


class AcceptOutboxEntry(Value):
    """Mark an outbox entry as carried out by the command beside it."""

    session: SessionId
    entry: str
    digest: Digest


class RecordBase(Value):
    """Record the base that was built for a job."""

    job: JobId
    commit: CommitId
    parents: tuple[CommitId, ...]


class SubmitHandoff(Value):
    """Report on the job of a session."""

    token: Digest
    job: JobId | None
    """The job that the caller named, if any."""
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
    """The lease that the caller named; 0 for none."""


class GiveVerdict(Value):
    """Judge the subject of a review."""

    token: Digest
    job: JobId | None
    nonce: str
    """Must be that of the reviewer's brief."""
    commit: CommitId
    """Must be that of the reviewer's brief."""
    verdict: Choice
    findings: tuple[Finding, ...]
    text: str
    fence: int = 0
    """The lease that the caller named; 0 for none."""


class AdoptLateHandoff(Value):
    """Let a late handoff count."""

    late_handoff: LateHandoffId
    facts: WorkFacts
    """The worktree's state now, if the job has one."""
    reason: str


class RecordCheck(Value):
    """Record a run of the test command."""

    job: JobId
    check: Check


class RecordTargetCheck(Value):
    """Record a run of the test command on the target's commit."""

    check: Check


class ChangeSettings(Value):
    """Correct the settings of a run under way."""

    keys: tuple[str, ...]
    """The keys of the configuration that are set."""
    settings: Settings


class VoidWork(Value):
    """Record that the branch of a submitted job holds another commit than the one handed in."""

    job: JobId
    found: CommitId


class TakeOver(Value):
    """End the lease of a session that waits for a usage limit, so that another lane takes over."""

    session: SessionId


class RecordLimit(Value):
    """Record that a session's program has reached a usage limit."""

    session: SessionId
    until: Moment
    named: bool
    """Whether the program said when the limit ends."""
    evidence: str


class RecordFailedTurn(Value):
    """Record that the turn of a session's agent ended in an error."""

    session: SessionId
    words: str
    """What the program says of the error, in one line; the sign of it where the program says nothing."""
    evidence: str


class RecordResumedTurn(Value):
    """Record that an agent whose turn had failed works again."""

    session: SessionId


class NoteBudget(Value):
    """Record that a budget is nearly used up."""

    budget: str
    """The trigger of the question that follows when nothing is left."""
    scope: str
    measure: str
    used: int
    allowed: int


class NoteOverlap(Value):
    """Record that two branches under work change the same files."""

    jobs: tuple[JobId, ...]
    paths: tuple[str, ...]
    conflict: bool


class NoteClosedEarly(Value):
    """Record that the tracker shows the epic of this job as closed before its gate."""

    job: JobId


class RecordClosingFailure(Value):
    """Record that closing a job's issues failed."""

    job: JobId
    reason: str


class RecordClosing(Value):
    """Record that a job's issues are closed in the tracker."""

    job: JobId
    closed: tuple[str, ...]
    """The issues that this run closed."""
    owed: tuple[str, ...] = ()
    """The issues that are left to people."""
    reason: str = ""


class NoteFault(Value):
    """Record that a step of gitorch's own work failed, with the error's class and words."""

    step: Step
    code: str
    reason: str


class ClearFault(Value):
    """Record that a step does not fail any more, by its name."""

    step: str


class Escalate(Value):
    """Ask the principal to decide. No part may be empty; an open trigger is not raised twice."""

    trigger: str
    happened: str
    tried: str
    evidence: str
    decision: str
    options: tuple[str, ...]
    job: JobId | None = None
    session: SessionId | None = None


class AnswerQuestion(Value):
    """Answer an open question."""

    question: QuestionId
    option: str
    text: str


class WithdrawQuestion(Value):
    """Record that the cause of an open question is gone."""

    question: QuestionId
    reason: str


class Remind(Value):
    """Remind people of an open question."""

    question: QuestionId


class OpenCheckpoint(Value):
    """Ask the principal at a checkpoint that no merge depends on."""

    job: JobId


class MergeFacts(Value):
    """What git and the tests say of a possible merge."""

    target_commit: CommitId
    branches: tuple[BranchFacts, ...]
    merged_commit: CommitId | None
    """None when the branches do not merge."""
    merged_tree: str
    conflicts: tuple[str, ...]
    shared_paths: tuple[str, ...]
    combined: Check | None
    trials: tuple[Trial, ...] = ()
    changed_settings: tuple[str, ...] = ()
    """Git settings, hooks and attributes that changed since the run began, and that git therefore does not use."""
    outside: tuple[OutsideChange, ...] = ()
    """Changes of the repository outside the work branches since the run began."""
    redone: tuple[Redone, ...] = ()
    """The lines of earlier runs that it takes away or replaces, by their epics."""


class IssueReport(Value):
    """Issue the merge report."""

    checkpoint: JobId
    digest: Digest
    """Of the report's bytes."""
    facts: MergeFacts
    text: str
    """The report for people."""
    data: str = ""
    """The same as JSON."""


class RecordEpicReport(Value):
    """Record the report of one epic at this commit."""

    job: JobId
    commit: CommitId
    text: str


class VoidReport(Value):
    """Void the merge report that stands."""

    reason: str


class ApproveMerge(Value):
    """Approve the report with this digest."""

    digest: Digest
    proof: str
    text: str = ""
    signer: str = ""
    """The key that signed the approval, once the signature was checked against the keys that the run began with."""
    changed: str = ""
    """What changed in the repository since the report, so that it was withdrawn; empty if nothing did."""


class ProposeMerge(Value):
    """Record that the report is proposed as a pull request by this commit."""

    proposal: Proposal


class ApproveAtForge(Value):
    """Approve the report by the merge of its proposal, once its signature and its content were checked."""

    proposal: CommitId
    merge: CommitId
    signer: str
    claims: Claims | None = None


class RecordCodeMerge(Value):
    """Record that the branches of the approved report were merged on the forge."""

    merges: CodeMerges


class RejectMerge(Value):
    """Reject the merge report; `rework` names the jobs that go back to work."""

    rework: tuple[JobId, ...]
    text: str


class SendBack(Value):
    """Send the work of a job back to its author, after reading exactly `commit`."""

    job: JobId
    commit: CommitId
    findings: tuple[Finding, ...] = ()
    text: str = ""


class RecordMerge(Value):
    """Record that the target moved to the approved commit."""

    old: CommitId
    new: CommitId
    tree: str


class RecordPush(Value):
    """Record that the remote's branch holds the merge."""

    remote: str
    old: CommitId | None
    """The remote branch's commit before; None when it already held the merge."""
    new: CommitId


class RecordTakenBack(Value):
    """Record that the target is at the commit from before the merge."""

    old: CommitId
    new: CommitId


class RecordCleanup(Value):
    """Record what the cleanup removed and kept."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]


class RecordRefusal(Value):
    """Record an attempt that was refused or denied."""

    verb: str
    code: str
    reason: str
    job: JobId | None = None


class RetryJob(Value):
    """Try a job again."""

    job: JobId
    text: str = ""


class RestartAgent(Value):
    """Start a new agent on a job that an agent is working on."""

    job: JobId


class StopAgent(Value):
    """Stop the agent of a job and ask the principal how to go on."""

    job: JobId


class SendMessage(Value):
    """Send a message."""

    to: tuple[str, ...]
    text: str
    sender: str = ""
    """Empty means the caller's own name."""
    answers: Message | None = None
    plan: str = ""
    plan_digest: Digest | None = None
    known: tuple[str, ...] = ()
    """Names of people beside the fixed ones."""


class ReadMessages(Value):
    """Record that these messages were shown whole to their reader."""

    reader: str
    messages: tuple[MessageId, ...]


class Order(Value):
    """A command with its actor and its time: all that a decision may know of the outside."""

    actor: Actor
    at: Moment
    command: Command


class ClaimJob(Value):
    """Take a job's lease by a manual claim, in a new session."""

    job: JobId | None
    """None means the first of the queue."""
    tokens: Callable[[SessionId], Digest]
    """Gives the digest of a session's token; the session's number is known only when the decision is made."""
    nonce: str
    runtime: str = ""
    """The runtime that works on it; empty means the lane's."""


class Heartbeat(Value):
    """Extend the lease of its holder."""

    token: Digest
    fence: int = 0
    """The lease that the caller named; 0 for none."""


class ReleaseLease(Value):
    """Give a job back as it is."""

    token: Digest
    fence: int = 0
    """The lease that the caller named; 0 for none."""


class ExpireLeases(Value):
    """End every manual claim of this host whose time has passed, and those of these sessions, as this host observed."""

    sessions: tuple[SessionId, ...] = ()


class RequeueJob(Value):
    """Queue stale work again."""

    job: JobId
    reason: str


class CancelJob(Value):
    """Give a job up, with every job that cannot be done without it."""

    job: JobId
    reason: str


class PublishArtifact(Value):
    """Publish a document of a job."""

    token: Digest
    name: str
    path: str
    digest: Digest
    size: int
    document: Document
    trouble: str = ""
    """What is wrong with the file itself; empty for nothing."""
    secrets: tuple[str, ...] = ()
    """Suspected secrets in it."""
    faults: tuple[str, ...] = ()
    """Claims that were checked and are not supported."""
    override: str = ""
    """The principal's reason to keep suspected secrets."""
    fence: int = 0


class Decide(Value):
    """Record whether the principal accepts a job's work.

    The outcome is `accepted`, `rejected` or `accepted_with_follow_up`; only the last one has a follow-up.
    """

    job: JobId
    outcome: Outcome
    text: str
    follow_up: str = ""


Command = (
    RejectPlan
    | ConfirmTarget
    | AddHost
    | RemoveHost
    | LabelHost
    | PrepareRun
    | ConfirmRun
    | StartRun
    | PauseRun
    | ResumeRun
    | CancelRun
    | TakeSettings
    | GrantLease
    | RenewLease
    | MarkAlive
    | EndSession
    | RecordUsage
    | RecordDelivery
    | Nudge
    | RemindOfRefusal
    | RecordPermission
    | NoteSilentChannel
    | AcceptOutboxEntry
    | RecordBase
    | SubmitHandoff
    | GiveVerdict
    | RecordCheck
    | RecordTargetCheck
    | ChangeSettings
    | VoidWork
    | RecordLimit
    | RecordFailedTurn
    | RecordResumedTurn
    | TakeOver
    | NoteBudget
    | NoteOverlap
    | NoteClosedEarly
    | RecordClosingFailure
    | NoteFault
    | ClearFault
    | RecordClosing
    | Escalate
    | AnswerQuestion
    | WithdrawQuestion
    | Remind
    | OpenCheckpoint
    | IssueReport
    | RecordEpicReport
    | VoidReport
    | ApproveMerge
    | ProposeMerge
    | ApproveAtForge
    | RecordCodeMerge
    | RejectMerge
    | SendBack
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
