"""Reports and verdicts as they are written, and the files in which they wait: an agent's outbox entry, a person's kept verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.work.artifact import EscalationKind
from gitorch.model.work.review import Severity

if TYPE_CHECKING:
    from gitorch.model.ids import JobId, Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.model.work.review import Choice, Finding, Reply, ReportStatus


class ReportText(Value):
    """An agent's report as it was written."""

    status: ReportStatus
    summary: str
    job: JobId | None = None
    concerns: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    blocker: str = ""
    clears: str = ""
    blocker_kind: EscalationKind = EscalationKind.AI_SELF_DECLARED
    blocker_severity: Severity = Severity.BLOCKING
    tests_claimed: str = ""
    replies: tuple[Reply, ...] = ()


class VerdictText(Value):
    """A reviewer's verdict as it was written."""

    choice: Choice
    commit: str
    nonce: str
    summary: str
    job: JobId | None = None
    findings: tuple[Finding, ...] = ()


class OutboxEntry(Value):
    """A file in an agent's outbox, for an agent that cannot reach the ledger: its session's token, and a report, a verdict or a denied verb."""

    run: RunId
    token: str
    salt: str = ""
    """Tells two entries with the same text apart."""
    report: ReportText | None = None
    verdict: VerdictText | None = None
    denied: str = ""
    """A verb that the agent tried and was denied."""


class KeptVerb(Value):
    """A verb of manual work that a person typed while the ledger's remote was away."""

    verb: str
    """`claim`, `heartbeat`, `release`, `handoff` or `verdict`."""
    actor: Actor
    at: Moment
    """When it was typed."""
    folder: str
    """Where it was typed: a worktree names its lease."""
    run: str | None = None
    job: str | None = None
    fence: int = 0
    runtime: str = ""
    report: ReportText | None = None
    verdict: VerdictText | None = None
