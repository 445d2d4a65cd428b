"""Events: one frozen class for each type of record.

A new event is declared here and in the table of released names in `text.records.released`; the modules of `rules.deciding`
and `rules.evolving` that make it and apply it name it in their own tables. A test holds all of them together.

Fields contain only text, numbers, truth values, `Moment`, enums, tuples, mappings of text, and values of the model.
A class with a `text` field is prose: its record is a Markdown file and `text` is the body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.work.turns import TurnFailed, TurnResumed

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    from gitorch.model.plans.workflow import Settings, Workflow
    from gitorch.model.work.artifact import ArtifactKind, Entry, EscalationKind, Outcome
    from gitorch.model.work.code_merge import BranchMerge
    from gitorch.model.work.proposal import Claims
    from gitorch.model.work.question import QuestionKind
    from gitorch.model.work.report import BranchFacts
    from gitorch.model.work.review import Check, Choice, Finding, ListedFinding, Reply, ReportStatus, Severity
    from gitorch.model.work.session import PromptKind
    from gitorch.model.work.usage import ModelUsage


# Of the ledger itself


class LedgerCreated(Value):
    """The first record of a ledger."""

    ledger: str
    """Tells this ledger from every other."""


class PlanRejected(Value):
    """`start` refused a plan."""

    plan: str
    failures: tuple[str, ...]
    """Every failure that `check` prints."""
    text: str


class TargetConfirmed(Value):
    """The principal confirmed this branch as a merge target of the repository."""

    target: str


class HostAdded(Value):
    """The principal lets a host write records: what it pushes is signed by this key."""

    host: str
    key: str
    """The public key, as in a file of allowed signers."""


class HostLabeled(Value):
    """A host told which labels it has; they replace those before."""

    labels: tuple[str, ...]


class HostRemoved(Value):
    """The principal takes a host's right to write records away: what it signs from then on is refused."""

    host: str


class ActionRefused(Value):
    """Somebody attempted what the rules or their rights do not allow."""

    verb: str
    code: str
    reason: str
    job: JobId | None = None


class MessageSent(Value):
    """Somebody sent a message."""

    message: MessageId
    sender: str
    """A job, or the name of a person."""
    to: tuple[str, ...]
    thread: MessageId
    answers: MessageId | None
    """The message that this one replies to."""
    plan: str
    """The file of a plan that is ready to be started."""
    plan_digest: Digest | None
    text: str


class MessagesRead(Value):
    """A reader was shown these messages whole."""

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
    """The principal answered the question sheet."""

    settings: Settings
    proof: str
    """`typed` or `unattended`."""
    git_settings: Mapping[str, str] | None = None
    """Digests of the git settings, hooks and attributes that could run a program, as they stood then."""
    repository: Digest | None = None
    """The digest of the attached `repository.json`: refs, settings and hooks, as they stood then."""


class SettingsTaken(Value):
    """A host that did not prepare the run took the git settings of its own clone, before its first session began."""

    git_settings: Mapping[str, str]
    """The digest of each setting, hook and file of attributes that could make git run a program, by its name."""


class RunStarted(Value):
    """The reconciler took up the run for the first time."""


class RunPaused(Value):
    """The run was paused: nothing new begins until it is resumed."""

    reason: str


class RunResumed(Value):
    """The run was resumed."""


class RunCanceled(Value):
    """The principal ended the run; branches are kept."""

    reason: str


class RunFailed(Value):
    """The run ended because it cannot reach its result."""

    reason: str


class RunCompleted(Value):
    """Every job of the workflow is over."""


# Of leases and sessions


class LeaseGranted(Value):
    """A session got the right to work on a job until `until`."""

    job: JobId
    session: SessionId
    fence: int
    attempt: int
    until: Moment
    fresh: bool
    """Whether the session is new with this grant."""
    lane: str
    runtime: str
    token: Digest
    nonce: str
    base: CommitId | None


class LeaseRenewed(Value):
    """A lease was extended because its session is alive, or its holder asked."""

    job: JobId
    fence: int
    until: Moment


class LeaseEnded(Value):
    """A lease ended without a handoff."""

    job: JobId
    fence: int
    reason: str
    """`expired`, `session-ended`, `released`, `revoked`, or `limited`: another lane takes over from a program at its usage limit."""


class SessionAlive(Value):
    """The session's process runs and showed a sign of life."""

    session: SessionId
    job: JobId
    pid: int
    evidence: str
    """The sign."""


class SessionEnded(Value):
    """A session ended."""

    session: SessionId
    job: JobId
    how: str
    """`stopped`, `exited`, `killed`, `server-gone`, `missing-program`, `dialog`, `not-ready` or `memory: N MiB`."""
    exit_status: int | None
    screen: str
    conversation: str = ""
    """The runtime's id of the conversation, which its next session can resume."""


class PromptDelivered(Value):
    """A prompt reached a session."""

    session: SessionId
    job: JobId
    prompt: PromptId
    kind: PromptKind
    receipt: str
    """How sure the delivery is: `delivered`, `submitted`, `typed` or `unknown`."""


class UsageRecorded(Value):
    """What a session has used since it began, as one source showed it at this time. A later record replaces the numbers."""

    session: SessionId
    job: JobId
    attempt: int
    """The attempt under way, to which goes what came since the record before."""
    source: str
    models: tuple[ModelUsage, ...]


class SessionNudged(Value):
    """A session was silent for too long and gets one reminder."""

    session: SessionId
    job: JobId


class RefusalReminded(Value):
    """An agent waits at its prompt after its report was refused, and is told so."""

    session: SessionId
    job: JobId
    times: int
    """How many of its reports have been refused."""


class PermissionAnswered(Value):
    """A rule of the lane answered a permission request."""

    session: SessionId
    job: JobId
    asked: str
    """The text of the request."""
    option: str
    """`once`, `reject` or `trust`."""
    rule: str
    """The pattern of the rule."""


class ChannelSilent(Value):
    """A control channel to an agent program did not answer, so that the next one is used: recorded once for each session."""

    session: SessionId
    job: JobId
    channel: str
    reason: str


class OutboxEntryAccepted(Value):
    """An entry of a session's outbox was carried out."""

    session: SessionId
    job: JobId
    entry: str
    digest: Digest
    """Of the entry's name, time and bytes."""


class BaseBuilt(Value):
    """The base of a job's branch was merged from the branches that the job depends on."""

    job: JobId
    commit: CommitId
    parents: tuple[CommitId, ...]


# Of work and its judgement


class HandoffSubmitted(Value):
    """An agent reported."""

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
    model: str = ""
    """The model that did the work, as its program named it or its lane asks for; empty where it is not known."""
    text: str = ""
    """The agent's summary."""


class CheckRecorded(Value):
    """gitorch ran the project's test command on a clean checkout of the submitted commit."""

    job: JobId
    attempt: int
    check: Check


class TargetChecked(Value):
    """gitorch ran the project's test command on the target's commit, before it starts agents."""

    check: Check


class SettingsChanged(Value):
    """The principal corrected what a run under way was started with."""

    keys: tuple[str, ...]
    """The keys of the configuration that were set, such as `tests.command`."""
    settings: Settings
    """All settings of the run from now on."""


class VerdictGiven(Value):
    """A reviewer judged exactly `commit`."""

    job: JobId
    subject: JobId
    session: SessionId
    fence: int
    round: int
    commit: CommitId
    verdict: Choice
    findings: tuple[Finding, ...]
    model: str = ""
    """The model that judged, as its program named it or its lane asks for; empty where it is not known."""
    text: str = ""
    """The reviewer's explanation for people."""


class FindingsListed(Value):
    """A round failed: one consolidated list goes back to the author."""

    job: JobId
    round: int
    commit: CommitId
    findings: tuple[ListedFinding, ...]


class GatePassed(Value):
    """A job's work at `commit` is cleared."""

    job: JobId
    commit: CommitId
    round: int
    waived: bool
    """Whether the principal waived what kept the gate closed; else every review let exactly this commit through."""


class EpicReported(Value):
    """gitorch wrote the report of one epic at `commit`, from measured facts."""

    job: JobId
    commit: CommitId
    round: int
    text: str
    """The report."""


class WorkVoided(Value):
    """A branch moved after its handoff, so the reviewed commit is not its tip any more."""

    job: JobId
    expected: CommitId
    found: CommitId


class JobFailed(Value):
    """A job ended without its work."""

    job: JobId
    reason: str


class JobReopened(Value):
    """The principal sent a job back to work, with a note."""

    job: JobId
    reason: str


class WorkSentBack(Value):
    """The principal read exactly `commit` and sent the job back to work, with findings at lines or a note."""

    job: JobId
    round: int
    commit: CommitId
    findings: tuple[Finding, ...]
    reason: str
    """The note for the author; may be empty if there are findings."""


class LimitReached(Value):
    """A program reached its usage limit. Its agent waits, with its conversation, and is nudged at `until`."""

    session: SessionId
    job: JobId
    until: Moment
    named: bool
    """Whether the program said when the limit ends; otherwise each wait of a session is longer than the one before."""
    evidence: str
    """The sign."""


class BudgetNeared(Value):
    """A budget reached 80 %."""

    budget: str
    """The trigger of the question that follows when nothing is left: `budget:tokens:epic:api`."""
    scope: str
    measure: str
    used: int
    allowed: int


class OverlapNoted(Value):
    """Two branches under work change the same files."""

    jobs: tuple[JobId, ...]
    paths: tuple[str, ...]
    conflict: bool
    """Whether they do not merge."""


class ClosedEarly(Value):
    """The tracker shows an epic as closed before its gate, and not by this run. Nothing follows from it."""

    job: JobId
    issue: str


class ClosingFailed(Value):
    """A job passed its gate, and closing its issues in the tracker failed."""

    job: JobId
    times: int
    """How often it has failed."""
    reason: str


class IssuesClosed(Value):
    """A job's issues are closed in the tracker, after its gate."""

    job: JobId
    closed: tuple[str, ...]
    owed: tuple[str, ...]
    """The issues that are left to people."""
    reason: str
    """Why they are."""


# Of what fails


class FaultNoted(Value):
    """A step of gitorch's own work failed. It is tried again at growing intervals."""

    step: str
    """Its name, the same at every try."""
    doing: str
    """What was to be done, for people."""
    job: JobId | None
    session: SessionId | None
    times: int
    """How often it has failed."""
    code: str
    """The class of the error."""
    reason: str
    """The error's own words."""


class FaultCleared(Value):
    """A step that failed has succeeded, or nobody needs it any more."""

    step: str


# Of people


class QuestionAsked(Value):
    """gitorch asked a question that a human must answer."""

    question: QuestionId
    kind: QuestionKind
    job: JobId | None
    session: SessionId | None
    options: tuple[str, ...]
    number: int
    """The finding or concern that the question is about; 0 for none."""
    text: str


class Escalated(Value):
    """Something happened that only a human can decide. No part may be empty."""

    question: QuestionId
    trigger: str
    job: JobId | None
    session: SessionId | None
    happened: str
    tried: str
    options: tuple[str, ...]
    evidence: str
    text: str
    """The decision that is asked for."""


class QuestionAnswered(Value):
    """A human answered a question."""

    question: QuestionId
    option: str
    """Empty for free text."""
    text: str


class QuestionWithdrawn(Value):
    """The cause of a question is gone, so that nobody has to answer it."""

    question: QuestionId
    reason: str
    """What settled it, in a clause."""


class QuestionReminded(Value):
    """gitorch reminded people of an open question."""

    question: QuestionId
    times: int
    """How many reminders the question has had."""


class ReportIssued(Value):
    """gitorch wrote the merge report, from measured facts."""

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
    """The report."""


class ReportVoided(Value):
    """Something that the report names has changed; the report and its approval do not count any more."""

    digest: Digest
    reason: str


class MergeApproved(Value):
    """The principal approved exactly this report, target commit and branch commits."""

    digest: Digest
    target: str
    target_commit: CommitId
    commits: tuple[CommitId, ...]
    """Of the report's branches, in its order."""
    proof: str
    text: str


class MergeApprovedAtForge(Value):
    """A forge merged the pull request that proposed exactly this report, and signed the merge with a key that the run began with."""

    digest: Digest
    target: str
    target_commit: CommitId
    commits: tuple[CommitId, ...]
    proof: str
    proposal: CommitId
    """The commit that was merged."""
    merge: CommitId
    """The merge commit that the forge signed."""
    claims: Claims | None
    """What only the forge's own answers say; None where nobody could ask it."""
    text: str


Approved = MergeApproved | MergeApprovedAtForge
"""The two records of an approval."""


class CodeMerged(Value):
    """The branches of the approved report were merged on the forge."""

    job: JobId
    target: str
    old: CommitId
    new: CommitId
    """The commit of the target with which the last of them was complete."""
    merges: tuple[BranchMerge, ...]


class MergeProposed(Value):
    """The principal proposed the report as a pull request."""

    digest: Digest
    remote: str
    commit: CommitId


class MergeRejected(Value):
    """The principal rejected the report."""

    digest: Digest
    rework: tuple[JobId, ...]
    """The jobs that go back to work; none ends the run."""
    text: str


class Merged(Value):
    """The target moved to the approved commit."""

    job: JobId
    target: str
    old: CommitId
    new: CommitId
    tree: str


class Pushed(Value):
    """The merge reached the remote."""

    job: JobId
    remote: str
    target: str
    old: CommitId | None
    """The remote branch's commit before; None when it already held the merge."""
    new: CommitId


class MergeTakenBack(Value):
    """A merge that a remote refused was undone at the principal's request: the target is at `old` again."""

    job: JobId
    target: str
    old: CommitId
    new: CommitId
    reason: str


class CleanupDone(Value):
    """Sessions are stopped, and clean and merged worktrees removed."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    """What was kept, and why."""


class JobClaimed(Value):
    """Somebody took a job's lease by a manual claim."""

    job: JobId
    session: SessionId
    fence: int
    attempt: int
    until: Moment
    lane: str
    runtime: str
    holder: str
    """Kind, name and host of the actor, who alone may use the lease."""
    token: Digest
    nonce: str
    base: CommitId | None


class LateHandoffKept(Value):
    """A report or verdict came after its lease had ended. It does not count, and is kept for the principal."""

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
    """The principal lets a late handoff count."""

    late_handoff: LateHandoffId
    job: JobId
    reason: str


class JobRequeued(Value):
    """Stale work was queued again, with its attempt, branch and worktree as they were."""

    job: JobId
    reason: str


class JobCanceled(Value):
    """The principal canceled a job; jobs that cannot be done without it are skipped."""

    job: JobId
    reason: str


class ArtifactPublished(Value):
    """A session published a document; its bytes are attached."""

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
    """Who published it."""
    via: str
    """`verb` or `file`."""
    intent: Choice | None
    entries: tuple[Entry, ...]
    answers: tuple[int, ...]
    faults: tuple[str, ...]
    """Claims that gitorch checked and found unsupported."""
    override: str
    """Why the principal kept a suspected secret."""


class DecisionMade(Value):
    """The principal decided about a job's work. A rejection marks the verdicts that rested on it."""

    decision: DecisionId
    job: JobId
    outcome: Outcome
    follow_up: str
    text: str
    """The reason."""


class BlockerSorted(Value):
    """An agent named the kind and the severity of the blocker that it escalated."""

    question: QuestionId
    job: JobId
    kind: EscalationKind
    severity: Severity


Event = (
    LedgerCreated
    | PlanRejected
    | TargetConfirmed
    | HostAdded
    | HostRemoved
    | HostLabeled
    | ActionRefused
    | MessageSent
    | MessagesRead
    | RunPrepared
    | RunConfirmed
    | SettingsTaken
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
    | UsageRecorded
    | SessionNudged
    | RefusalReminded
    | PermissionAnswered
    | ChannelSilent
    | OutboxEntryAccepted
    | BaseBuilt
    | HandoffSubmitted
    | LateHandoffKept
    | LateHandoffAdopted
    | ArtifactPublished
    | DecisionMade
    | BlockerSorted
    | CheckRecorded
    | TargetChecked
    | SettingsChanged
    | VerdictGiven
    | FindingsListed
    | GatePassed
    | EpicReported
    | WorkVoided
    | JobFailed
    | JobCanceled
    | JobRequeued
    | JobReopened
    | WorkSentBack
    | LimitReached
    | TurnFailed
    | TurnResumed
    | BudgetNeared
    | OverlapNoted
    | ClosedEarly
    | ClosingFailed
    | FaultNoted
    | FaultCleared
    | IssuesClosed
    | QuestionAsked
    | Escalated
    | QuestionAnswered
    | QuestionWithdrawn
    | QuestionReminded
    | ReportIssued
    | ReportVoided
    | MergeApproved
    | MergeApprovedAtForge
    | MergeProposed
    | CodeMerged
    | MergeRejected
    | Merged
    | Pushed
    | MergeTakenBack
    | CleanupDone
)
