"""The state of one run: what is true after its records. It is replayed from the ledger, never edited."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.artifact import Artifact, Outcome
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
        RunId,
        SessionId,
    )
    from gitorch.model.message import Message
    from gitorch.model.review import Check, Choice, Finding, Handoff, ListedFinding, Reply, ReportStatus, Verdict
    from gitorch.model.workflow import JobSpec, Settings, Workflow


class RunPhase(StrEnum):
    """Where a run stands; `blocked` is derived, never recorded."""

    PREPARED = "prepared"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


OVER = frozenset({RunPhase.COMPLETED, RunPhase.FAILED, RunPhase.CANCELED})


class JobPhase(StrEnum):
    """Where a job stands; what may follow what is the table in `rules.phases`."""

    BLOCKED = "blocked"
    QUEUED = "queued"
    CLAIMED = "claimed"
    RUNNING = "running"
    SUBMITTED = "submitted"
    WAITING_HUMAN = "waiting_human"
    STALE = "stale"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"


LEASED = frozenset({JobPhase.CLAIMED, JobPhase.RUNNING, JobPhase.SUBMITTED, JobPhase.WAITING_HUMAN})
"""Phases in which a job may hold a lease."""

ENDED = frozenset({JobPhase.COMPLETED, JobPhase.FAILED, JobPhase.CANCELED, JobPhase.SKIPPED})


class Lease(Value):
    """The right of one session to work on one job. `fence` grows with every grant of the job."""

    session: SessionId
    fence: int
    granted_at: Moment
    until: Moment
    nonce: str = ""


class Closing(Value):
    """How far the tracker follows a job that passed its gate.

    `early` says that somebody closed the epic before. Once `settled`, `closed` are the issues that gitorch closed and `owed` those
    that are left to people, with the `reason`; until then `reason` is why the last of so many `tries` failed.
    """

    settled: bool = False
    early: bool = False
    tries: int = 0
    tried_at: Moment | None = None
    closed: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()
    reason: str = ""


class JobState(Value):
    """One job: `attempt` counts rounds of work, `rounds_allowed` is the last one before an escalation.

    `base` is the commit its branch starts from. `cleared` is the commit that passed the gate.
    `verdict` is a review's own, of the attempt under way; `verdicts` are all that judged this job.
    `reported` is the commit that an epic's report was made of.
    `demands` are findings that do not come from a reviewer: work voided, a concern pushed back, a rejected checkpoint.
    `deaths` and `launch_failures` count since the attempt began, `requeues` how often stale work went back into the queue.
    """

    spec: JobSpec
    phase: JobPhase = JobPhase.BLOCKED
    attempt: int = 1
    rounds_allowed: int = 3
    ready_at: Moment | None = None
    fence: int = 0
    lease: Lease | None = None
    session: SessionId | None = None
    base: CommitId | None = None
    handoff: Handoff | None = None
    check: Check | None = None
    checks: tuple[Check, ...] = ()
    findings: tuple[ListedFinding, ...] = ()
    demands: tuple[Finding, ...] = ()
    verdict: Verdict | None = None
    verdicts: tuple[Verdict, ...] = ()
    cleared: CommitId | None = None
    reported: CommitId | None = None
    deaths: int = 0
    launch_failures: int = 0
    nudged: bool = False
    requeues: int = 0
    closing: Closing = Closing()


class SessionPhase(StrEnum):
    """A session as the ledger knows it; what its screen shows is not the ledger's business."""

    STARTING = "starting"
    ALIVE = "alive"
    ENDED = "ended"


class PromptKind(StrEnum):
    """What a text to a session is for."""

    BRIEF = "brief"
    FINDINGS = "findings"
    ANSWER = "answer"
    CLEARED = "cleared"
    NUDGE = "nudge"
    MESSAGE = "message"


class Prompt(Value):
    """A text owed to a session, in order. `about` is a question's or message's id, or a finding list's round."""

    id: PromptId
    kind: PromptKind
    about: str = ""
    receipt: str = ""


class Session(Value):
    """One agent process in one terminal, in one worktree, working on one job.

    With a `holder` there is no process of ours: somebody took the job by hand, and `holder` is who alone may use the lease.
    `entries` are those of its outbox that count.
    """

    id: SessionId
    job: JobId
    lane: str
    runtime: str
    token: Digest
    phase: SessionPhase
    started_at: Moment
    alive_at: Moment | None = None
    ended: str = ""
    conversation: str = ""
    permissions_answered: int = 0
    prompts: tuple[Prompt, ...] = ()
    refusals: int = 0
    holder: str = ""
    fence: int = 0
    entries: tuple[Digest, ...] = ()


class QuestionKind(StrEnum):
    """Why a human is asked."""

    CONTEXT = "context"
    CONCERN = "concern"
    DEFERRED = "deferred"
    CHECKPOINT = "checkpoint"
    ESCALATION = "escalation"
    APPROVAL = "approval"
    CLEANUP = "cleanup"


class Answer(Value):
    """What a human decided: one of the options, or free text where none are given."""

    option: str
    text: str
    by: str
    at: Moment


class Question(Value):
    """Something that a human owes. `options` empty means free text.

    `trigger` names an escalation's cause, so that the same cause is never escalated twice while it is open.
    """

    id: QuestionId
    kind: QuestionKind
    asked_at: Moment
    text: str
    job: JobId | None = None
    session: SessionId | None = None
    options: tuple[str, ...] = ()
    trigger: str = ""
    happened: str = ""
    tried: str = ""
    evidence: str = ""
    number: int = 0
    blocker: str = ""
    severity: str = ""
    reminders: int = 0
    reminded_at: Moment | None = None
    answer: Answer | None = None


class BranchFacts(Value):
    """One branch as the merge report states it, measured against the target's commit.

    `against_target` are the paths in which it alone conflicts with the target. `outdated` are the jobs that it was built
    on and that have gone on since: what is merged of them now is not part of this branch.
    """

    job: JobId
    branch: str
    commit: CommitId
    commits: int
    files: int
    added: int
    removed: int
    paths: tuple[str, ...] = ()
    against_target: tuple[str, ...] = ()
    outdated: tuple[JobId, ...] = ()


class Trial(Value):
    """Two branches that change the same files, merged with each other in memory: `conflicts` are the paths that do not fit."""

    jobs: tuple[JobId, ...]
    paths: tuple[str, ...]
    conflicts: tuple[str, ...]


class Report(Value):
    """The merge report: everything an approval binds to. `digest` is that of the report's own text.

    `conflicts` are pairs or branches that do not merge; `combined` is the test of the merged tree.
    """

    digest: Digest
    checkpoint: JobId
    target: str
    target_commit: CommitId
    branches: tuple[BranchFacts, ...]
    merged_commit: CommitId | None
    merged_tree: str
    conflicts: tuple[str, ...] = ()
    shared_paths: tuple[str, ...] = ()
    combined: Check | None = None


class Approval(Value):
    """The principal's word for exactly one report. `proof` is `typed`, `yes-flag` or `signed`."""

    digest: Digest
    by: str
    at: Moment
    proof: str


class Merged(Value):
    """The target moved from `old` to `new`, once, by compare-and-swap.

    `push` says what becomes of it at the remote, where one is configured: `` (it is owed), `pushed`, `left` (the principal
    decided to leave it unpushed), `back` (the principal wants the merge undone).
    """

    target: str
    old: CommitId
    new: CommitId
    at: Moment
    push: str = ""


class Run(Value):
    """One run. Mappings keep the order in which things came to be. `strangers` counts refused calls that are no session's."""

    id: RunId
    title: str
    phase: RunPhase
    workflow: Workflow
    settings: Settings
    target: str
    target_commit: CommitId
    plan: str
    plan_digest: Digest
    prepared_at: Moment
    jobs: Mapping[JobId, JobState]
    prepared_by: str = ""
    started_at: Moment | None = None
    ended_at: Moment | None = None
    sessions: Mapping[SessionId, Session] = field(default_factory=dict)
    questions: Mapping[QuestionId, Question] = field(default_factory=dict)
    messages: Mapping[MessageId, Message] = field(default_factory=dict)
    prompts: int = 0
    report: Report | None = None
    approval: Approval | None = None
    merged: Merged | None = None
    reason: str = ""
    cleanup: str = ""
    cleaned: bool = False
    overlaps: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    decisions: tuple[Decision, ...] = ()
    late_handoffs: Mapping[LateHandoffId, LateHandoff] = field(default_factory=dict)
    records: int = 0
    changed_at: Moment | None = None
    strangers: int = 0


class RunLine(Value):
    """A run in one line: all that other runs need to know of it, and whether a look into it is worth while.

    `asked` counts its open questions, of which `cleanup` is the one about what to remove, `unread` what it holds for people to read; `settled` says that nothing is owed to it.
    """

    id: RunId
    title: str
    phase: RunPhase
    target: str
    plan_digest: Digest
    epics: tuple[JobId, ...]
    prepared_at: Moment
    cleaned: bool
    month: str
    asked: int = 0
    unread: int = 0
    settled: bool = False
    cleanup: QuestionId | None = None
    cleanup_asked_at: Moment | None = None


class Board(Value):
    """What the ledger knows beside the runs: which runs there are, and which merge targets were confirmed, the last one last.

    `messages` are those of no run that somebody has still to read, or to start; `sent` counts all that were ever sent.
    """

    ledger: str = ""
    runs: Mapping[RunId, RunLine] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    messages: Mapping[MessageId, Message] = field(default_factory=dict)
    sent: int = 0


class State(Value):
    """What a decision sees: the board, and the one run that it is about, if any."""

    board: Board
    run: Run | None = None


class LateHandoff(Value):
    """A report or a verdict that came after its lease had run out. `status` is a report's, `verdict` a review's."""

    id: LateHandoffId
    job: JobId
    session: SessionId
    attempt: int
    status: ReportStatus | None
    commit: CommitId
    at: Moment
    summary: str
    concerns: tuple[str, ...] = ()
    tests_claimed: str = ""
    replies: tuple[Reply, ...] = ()
    verdict: Choice | None = None
    findings: tuple[Finding, ...] = ()
    adopted: bool = False


class Decision(Value):
    """What the principal decided about a job's work. `verdicts` are the reviews whose verdicts rested on it."""

    id: DecisionId
    job: JobId
    outcome: Outcome
    by: str
    at: Moment
    text: str
    follow_up: str = ""
    verdicts: tuple[JobId, ...] = ()
