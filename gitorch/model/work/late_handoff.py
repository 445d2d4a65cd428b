"""Handoffs and verdicts that came after their lease had run out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, JobId, LateHandoffId, Moment, SessionId
    from gitorch.model.work.review import Choice, Finding, Reply, ReportStatus


class LateHandoff(Value):
    """A report or a verdict that came after its lease had run out."""

    id: LateHandoffId
    job: JobId
    session: SessionId
    attempt: int
    status: ReportStatus | None
    """Set for a report."""
    commit: CommitId
    at: Moment
    summary: str
    concerns: tuple[str, ...] = ()
    tests_claimed: str = ""
    replies: tuple[Reply, ...] = ()
    verdict: Choice | None = None
    """Set for a verdict."""
    findings: tuple[Finding, ...] = ()
    adopted: bool = False
