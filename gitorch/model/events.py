"""What happened: one frozen class for each type of record.

The released names and the order of fields are written by hand in `text.codec`; a test holds the two together.
Fields hold only text, numbers, truth values, `Moment`, enums, tuples, mappings of text, and values of the model.
A class with a `text` field is prose: its record is a Markdown file and `text` is the body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.artifact import ArtifactKind, Entry, EscalationKind, Outcome
    from gitorch.model.ids import (
        CommitId,
        DecisionId,
        Digest,
        JobId,
        LateHandoffId,
        MessageId,
        Moment,
        PromptId,
        QuestionId,
        SessionId,
    )
    from gitorch.model.question import QuestionKind
    from gitorch.model.report import BranchFacts
    from gitorch.model.review import Check, Choice, Finding, ListedFinding, Reply, ReportStatus, Severity
    from gitorch.model.session import PromptKind
    from gitorch.model.workflow import Settings, Workflow


# Of the ledger itself


class LedgerCreated(Value):
    """The first record. `ledger` tells this ledger from every other."""

    ledger: str


class PlanRejected(Value):
    """A plan that `start` refused, with every failure that `check` prints."""

    plan: str
    failures: tuple[str, ...]
    text: str


class TargetConfirmed(Value):
    """The principal confirmed this branch as a merge target, once for the repository."""

    target: str


class ActionRefused(Value):
    """Somebody tried what the rules or their rights do not allow."""

    verb: str
    code: str
    reason: str
    job: JobId | None = None


class MessageSent(Value):
    """Words for somebody, by name. With `answers` it is a reply; with `plan` it says that this file is ready to be started."""

    message: MessageId
    sender: str
    to: tuple[str, ...]
    thread: MessageId
    answers: MessageId | None
    plan: str
    plan_digest: Digest | None
    text: str


class MessagesRead(Value):
    """Somebody was shown these messages whole."""

    messages: tuple[MessageId, ...]
    reader: str


# Of a run


class RunPrepared(Value):
    """A plan or workflow was read and frozen. Briefs and the plan itself are attached files."""

    title: str
    plan: str
    plan_digest: Digest
    target: str
    target_commit: CommitId
    workflow: Workflow


class RunConfirmed(Value):
    """The question sheet was answered: `proof` is `typed` or `yes-flag`."""

    settings: Settings
    proof: str


class RunStarted(Value):
    """The loop took the run up for the first time."""


class RunPaused(Value):
    """Nothing new is begun until the run is resumed."""

    reason: str


class RunResumed(Value):
    """The run goes on."""


class RunCanceled(Value):
    """The run was ended by the principal; branches are kept."""

    reason: str


class RunFailed(Value):
    """The run cannot reach its end."""

    reason: str


class RunCompleted(Value):
    """Everything the workflow asks for is done."""


# Of leases and sessions


class LeaseGranted(Value):
    """A session got the right to work on a job until `until`. `fresh` says that the session is new with this grant."""

    job: JobId
    session: SessionId
    fence: int
    attempt: int
    until: Moment
    fresh: bool
    lane: str
    runtime: str
    token: Digest
    nonce: str
    base: CommitId | None


class LeaseRenewed(Value):
    """The session was seen alive; its lease lasts longer."""

    job: JobId
    fence: int
    until: Moment


class LeaseEnded(Value):
    """The lease is over without a handoff: `reason` is `expired`, `session-ended`, `released` or `revoked`."""

    job: JobId
    fence: int
    reason: str


class SessionAlive(Value):
    """The agent was proven to be there: its process runs and `evidence` names the sign that was seen."""

    session: SessionId
    job: JobId
    pid: int
    evidence: str


class SessionEnded(Value):
    """The session is over. `how`: `stopped`, `exited`, `killed`, `server-gone`, `missing-program`, `dialog`, `not-ready`.

    `conversation` is the runtime's own id of what was said, by which its next session can go on.
    """

    session: SessionId
    job: JobId
    how: str
    exit_status: int | None
    screen: str
    conversation: str = ""


class PromptDelivered(Value):
    """A text reached a session. `receipt` is graded: `delivered`, `submitted`, `typed`, `unknown`."""

    session: SessionId
    job: JobId
    prompt: PromptId
    kind: PromptKind
    receipt: str


class SessionNudged(Value):
    """A session was silent for too long and is reminded once."""

    session: SessionId
    job: JobId


class PermissionAnswered(Value):
    """A permission prompt was answered by a rule of its lane: what it asked, `once` or `reject`, and the rule's pattern."""

    session: SessionId
    job: JobId
    asked: str
    option: str
    rule: str


class OutboxEntryAccepted(Value):
    """What a session left in its outbox was carried out; `digest` is of the outbox entry's name, moment and bytes."""

    session: SessionId
    job: JobId
    entry: str
    digest: Digest


class BaseBuilt(Value):
    """The commit that a job's branch starts from, merged from the branches that it depends on."""

    job: JobId
    commit: CommitId
    parents: tuple[CommitId, ...]


# Of work and its judgement


class HandoffSubmitted(Value):
    """An agent reported. `text` is its summary."""

    job: JobId
    session: SessionId
    fence: int
    attempt: int
    status: ReportStatus
    commit: CommitId
    commits: int
    concerns: tuple[str, ...]
    questions: tuple[str, ...]
    blocker: str
    clears: str
    tests_claimed: str
    replies: tuple[Reply, ...]
    text: str


class CheckRecorded(Value):
    """The project's test command was run by gitorch on a clean checkout of the submitted commit."""

    job: JobId
    attempt: int
    check: Check


class VerdictGiven(Value):
    """A reviewer judged exactly `commit`. `text` is what it wrote for people."""

    job: JobId
    subject: JobId
    session: SessionId
    fence: int
    round: int
    commit: CommitId
    verdict: Choice
    findings: tuple[Finding, ...]
    text: str


class FindingsListed(Value):
    """A round failed: the one consolidated list goes back to the author, numbered for good."""

    job: JobId
    round: int
    commit: CommitId
    findings: tuple[ListedFinding, ...]


class GatePassed(Value):
    """The job's work at `commit` is cleared: every stage accepted exactly this commit, or the principal `waived` it."""

    job: JobId
    commit: CommitId
    round: int
    waived: bool


class EpicReported(Value):
    """What came of one epic at `commit`, from measured facts; `text` is the report itself."""

    job: JobId
    commit: CommitId
    round: int
    text: str


class WorkVoided(Value):
    """The branch moved after the handoff, so that what was judged is not what is there."""

    job: JobId
    expected: CommitId
    found: CommitId


class JobFailed(Value):
    """A job ended without its work."""

    job: JobId
    reason: str


class JobReopened(Value):
    """The principal sent a cleared job back to work, with a note."""

    job: JobId
    reason: str


class OverlapNoted(Value):
    """Two running branches change the same files."""

    jobs: tuple[JobId, ...]
    paths: tuple[str, ...]
    conflict: bool


class ClosedEarly(Value):
    """The tracker shows an epic as closed that has not passed its gate, and not by this run; nothing follows from it."""

    job: JobId
    issue: str


class ClosingFailed(Value):
    """A job passed its gate, and closing its issues in the tracker failed."""

    job: JobId
    times: int
    reason: str


class IssuesClosed(Value):
    """A job's tasks and epic are closed in the tracker, after its gate; `owed` are those left to people, and `reason` is why."""

    job: JobId
    closed: tuple[str, ...]
    owed: tuple[str, ...]
    reason: str


# Of people


class QuestionAsked(Value):
    """A human owes an answer. `number` is the finding or concern that it is about."""

    question: QuestionId
    kind: QuestionKind
    job: JobId | None
    session: SessionId | None
    options: tuple[str, ...]
    number: int
    text: str


class Escalated(Value):
    """Something that only a human can decide. No part may be empty."""

    question: QuestionId
    trigger: str
    job: JobId | None
    session: SessionId | None
    happened: str
    tried: str
    options: tuple[str, ...]
    evidence: str
    text: str


class QuestionAnswered(Value):
    """A human answered. `option` is empty for free text."""

    question: QuestionId
    option: str
    text: str


class QuestionReminded(Value):
    """An open question was brought up again."""

    question: QuestionId
    times: int


class ReportIssued(Value):
    """The merge report, made from measured facts. `text` is the report itself."""

    checkpoint: JobId
    digest: Digest
    target: str
    target_commit: CommitId
    branches: tuple[BranchFacts, ...]
    merged_commit: CommitId | None
    merged_tree: str
    conflicts: tuple[str, ...]
    shared_paths: tuple[str, ...]
    combined: Check | None
    text: str


class ReportVoided(Value):
    """Something that the report names has moved; it and any approval of it count no more."""

    digest: Digest
    reason: str


class MergeApproved(Value):
    """The principal approved exactly this report, target commit and these branch commits."""

    digest: Digest
    target: str
    target_commit: CommitId
    commits: tuple[CommitId, ...]
    proof: str
    text: str


class MergeRejected(Value):
    """The principal refused the report: `rework` names the jobs that go back, none ends the run."""

    digest: Digest
    rework: tuple[JobId, ...]
    text: str


class Merged(Value):
    """The target moved, all branches or none."""

    job: JobId
    target: str
    old: CommitId
    new: CommitId
    tree: str


class Pushed(Value):
    """The merge reached the remote: its branch went from `old` to `new`, or was found to hold it already."""

    job: JobId
    remote: str
    target: str
    old: CommitId | None
    new: CommitId


class MergeTakenBack(Value):
    """The principal had a merge undone that a remote refused: the target is at `old` again, and nothing is approved."""

    job: JobId
    target: str
    old: CommitId
    new: CommitId
    reason: str


class CleanupDone(Value):
    """Sessions are stopped, clean and merged worktrees removed; `kept` says what was left and why."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]


class JobClaimed(Value):
    """Somebody took a job's lease by hand. `holder` is who: kind, name and host of the actor, who alone may use it."""

    job: JobId
    session: SessionId
    fence: int
    attempt: int
    until: Moment
    lane: str
    runtime: str
    holder: str
    token: Digest
    nonce: str
    base: CommitId | None


class LateHandoffKept(Value):
    """A report or verdict came after its lease had run out: it does not count, and is kept for the principal."""

    late_handoff: LateHandoffId
    job: JobId
    session: SessionId
    fence: int
    attempt: int
    status: ReportStatus | None
    commit: CommitId
    commits: int
    concerns: tuple[str, ...]
    tests_claimed: str
    replies: tuple[Reply, ...]
    verdict: Choice | None
    findings: tuple[Finding, ...]
    text: str


class LateHandoffAdopted(Value):
    """The principal lets a handoff that was kept count after all."""

    late_handoff: LateHandoffId
    job: JobId
    reason: str


class JobRequeued(Value):
    """Stale work is queued again, with its attempt, branch and worktree as they are."""

    job: JobId
    reason: str


class JobCanceled(Value):
    """A job will not be done; what cannot be done without it is skipped."""

    job: JobId
    reason: str


class ArtifactPublished(Value):
    """A document was handed in; its bytes are attached. `byline` is whose it is, `via` is `verb` or `file`.

    `faults` are claims that gitorch looked up and found unsupported; `override` is why a seeming secret was kept.
    """

    job: JobId
    session: SessionId
    fence: int
    attempt: int
    name: str
    kind: ArtifactKind
    path: str
    version: int
    digest: Digest
    size: int
    byline: str
    via: str
    intent: Choice | None
    entries: tuple[Entry, ...]
    answers: tuple[int, ...]
    faults: tuple[str, ...]
    override: str


class DecisionMade(Value):
    """The principal decided about a job's work. A rejected decision marks the verdicts that rested on it. `text` says why."""

    decision: DecisionId
    job: JobId
    outcome: Outcome
    follow_up: str
    text: str


class BlockerSorted(Value):
    """What kind of blocker an escalation of an agent's is, and how much it weighs."""

    question: QuestionId
    job: JobId
    kind: EscalationKind
    severity: Severity


Event = (
    LedgerCreated
    | PlanRejected
    | TargetConfirmed
    | ActionRefused
    | MessageSent
    | MessagesRead
    | RunPrepared
    | RunConfirmed
    | RunStarted
    | RunPaused
    | RunResumed
    | RunCanceled
    | RunFailed
    | RunCompleted
    | LeaseGranted
    | JobClaimed
    | LeaseRenewed
    | LeaseEnded
    | SessionAlive
    | SessionEnded
    | PromptDelivered
    | SessionNudged
    | PermissionAnswered
    | OutboxEntryAccepted
    | BaseBuilt
    | HandoffSubmitted
    | LateHandoffKept
    | LateHandoffAdopted
    | ArtifactPublished
    | DecisionMade
    | BlockerSorted
    | CheckRecorded
    | VerdictGiven
    | FindingsListed
    | GatePassed
    | EpicReported
    | WorkVoided
    | JobFailed
    | JobCanceled
    | JobRequeued
    | JobReopened
    | OverlapNoted
    | ClosedEarly
    | ClosingFailed
    | IssuesClosed
    | QuestionAsked
    | Escalated
    | QuestionAnswered
    | QuestionReminded
    | ReportIssued
    | ReportVoided
    | MergeApproved
    | MergeRejected
    | Merged
    | Pushed
    | MergeTakenBack
    | CleanupDone
)
