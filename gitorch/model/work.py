"""What was handed in beside commits, as a run remembers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.artifact import Outcome
    from gitorch.model.ids import CommitId, DecisionId, HandInId, JobId, Moment, SessionId
    from gitorch.model.review import Choice, Finding, Reply, ReportStatus


class KeptHandIn(Value):
    """A report or a verdict that came after its lease had run out. `status` is a report's, `verdict` a review's."""

    id: HandInId
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
