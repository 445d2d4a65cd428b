"""What happened around work that is done by hand, and to hand-ins that came too late. See `model.events`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.artifact import ArtifactKind, Entry, EscalationKind, Outcome
    from gitorch.model.ids import CommitId, DecisionId, Digest, HandInId, JobId, Moment, QuestionId, SessionId
    from gitorch.model.review import Choice, Finding, Reply, ReportStatus, Severity


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


class HandInKept(Value):
    """A report or verdict came after its lease had run out: it does not count, and is kept for the principal."""

    hand_in: HandInId
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


class HandInAdopted(Value):
    """The principal lets a hand-in that was kept count after all."""

    hand_in: HandInId
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
