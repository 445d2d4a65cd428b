"""A job as a run knows it: where it stands, its lease, its work and what reviewers found."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.workflow import REVIEWING

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, Moment, SessionId
    from gitorch.model.review import Check, Finding, Handoff, ListedFinding, Verdict
    from gitorch.model.workflow import JobSpec


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

    @property
    def check_failed(self) -> bool:
        """Whether the test command said no to the commit handed in."""
        return self.check is not None and self.check.outcome != "passed"

    @property
    def round_verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts on exactly the commit handed in, of the round under way."""
        if self.handoff is None:
            return ()
        return tuple(v for v in self.verdicts if v.round == self.attempt and v.commit == self.handoff.commit)

    @property
    def writes(self) -> bool:
        """Whether a job changes files, and so has a branch of its own."""
        return self.spec.kind not in REVIEWING
