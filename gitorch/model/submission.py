"""Reports and verdicts as agents write them, and the outbox entry by which an agent can leave either in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.work.artifact import EscalationKind
from gitorch.model.work.review import Severity

if TYPE_CHECKING:
    from gitorch.model.ids import JobId, RunId
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
    """A file in an agent's outbox, for an agent that cannot reach the ledger: its session's token, and a report or a verdict."""

    run: RunId
    token: str
    salt: str = ""
    """Tells two entries with the same text apart."""
    report: ReportText | None = None
    verdict: VerdictText | None = None
