"""What an agent says, in its own words: a report, a verdict, and the outbox entry on which it can leave either in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.artifact import EscalationKind
from gitorch.model.review import Severity
from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import JobId, RunId
    from gitorch.model.review import Choice, Finding, Reply, ReportStatus


class ReportText(Value):
    """An agent's report in its own words."""

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
    """A reviewer's verdict in its own words."""

    choice: Choice
    commit: str
    nonce: str
    summary: str
    job: JobId | None = None
    findings: tuple[Finding, ...] = ()


class OutboxEntry(Value):
    """What an agent left in its outbox because it cannot reach the ledger: whose it is, and a report or a verdict.

    `salt` tells two outbox entries apart that say the same.
    """

    run: RunId
    token: str
    salt: str = ""
    report: ReportText | None = None
    verdict: VerdictText | None = None
