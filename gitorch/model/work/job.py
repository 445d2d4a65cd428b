"""A job as a run knows it: its phase, its lease, its work and the reviewers' findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import REVIEWING
from gitorch.model.values import Value
from gitorch.model.words import Words

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, Moment, SessionId
    from gitorch.model.plans.workflow import JobSpec
    from gitorch.model.work.review import Check, Finding, Handoff, ListedFinding, TestClaim, Verdict


class JobPhase(Words):
    """The phase of a job; the legal moves between phases are the table in `rules.evolving.phases`."""

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

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to a job in this phase unless its gate is reopened.

        With its result, or without: completed, failed, canceled or skipped.
        """
        return self in ENDED

    @property
    def is_active(self) -> bool:
        """Whether a session works on the job in this phase.

        It holds the lease, before or after its first sign of life.
        """
        return self in ACTIVE


ENDED = frozenset({JobPhase.COMPLETED, JobPhase.FAILED, JobPhase.CANCELED, JobPhase.SKIPPED})

ACTIVE = frozenset({JobPhase.CLAIMED, JobPhase.RUNNING})


class Lease(Value):
    """The right of one session to work on one job."""

    session: SessionId
    fence: int
    """Grows with every grant of the job."""
    granted_at: Moment
    until: Moment
    nonce: str = ""
    """The secret of the brief; a verdict must repeat it."""


class Closing(Value):
    """The closing of a job's issues in the tracker, after the job passed its gate."""

    settled: bool = False
    """Whether gitorch has nothing left to close."""
    early: bool = False
    """Whether somebody else closed the epic's issue before the gate."""
    tries: int = 0
    tried_at: Moment | None = None
    closed: tuple[str, ...] = ()
    """The issues that gitorch closed."""
    owed: tuple[str, ...] = ()
    """The issues that are left to people."""
    reason: str = ""
    """Why issues are left to people, or why the last try failed."""


class JobState(Value):
    """One job of a run."""

    spec: JobSpec
    phase: JobPhase = JobPhase.BLOCKED
    attempt: int = 1
    """The round of work under way, from 1."""
    rounds_allowed: int = 3
    """The last attempt before a human is asked."""
    ready_at: Moment | None = None
    """When the job was last queued."""
    fence: int = 0
    """The number of the newest lease, 0 before the first."""
    lease: Lease | None = None
    session: SessionId | None = None
    """The session that holds the lease or held it last; None once that session was given up."""
    base: CommitId | None = None
    """The commit that the job's branch starts from."""
    handoff: Handoff | None = None
    claims: tuple[TestClaim, ...] = ()
    """What the author said about the tests, of every round in which it said anything."""
    check: Check | None = None
    """The newest run of the test command."""
    checks: tuple[Check, ...] = ()
    findings: tuple[ListedFinding, ...] = ()
    demands: tuple[Finding, ...] = ()
    """Findings that do not come from a reviewer: work voided, a concern pushed back, a rejected checkpoint."""
    verdict: Verdict | None = None
    """The review's own verdict in the attempt under way."""
    verdicts: tuple[Verdict, ...] = ()
    """All verdicts on this job, of every round."""
    cleared: CommitId | None = None
    """The commit that passed the gate."""
    reported: CommitId | None = None
    """The commit of the epic's newest report."""
    deaths: int = 0
    """Sessions that died at work since the attempt began."""
    launch_failures: int = 0
    """Launches that failed since the attempt began."""
    nudged: bool = False
    requeues: int = 0
    """How often stale work went back into the queue."""
    closing: Closing = Closing()
    refused: int = 0
    """How many reports on it were refused since its lease was given or a report was accepted."""
    refusal: str = ""
    """Why the last of them was refused."""
    reminded: int = 0
    """Of how many of these refusals its agent was reminded."""
    worked_ms: int = 0
    """For how long agents and people have held it, in milliseconds, without the lease that stands."""
    trouble: str = ""
    """What went wrong with it last, in one line: why it ended without its result, or what keeps its agent from going on.

    Empty again once an agent is alive, or its work was accepted.
    """

    @property
    def check_failed(self) -> bool:
        """Whether the newest run of the test command did not pass; false before the first."""
        if self.check is None:
            return False

        return self.check.outcome != "passed"

    @property
    def handoff_that_counts(self) -> Handoff | None:
        """The handoff at a gate or past it; None while the work is being done or must be revised."""
        if self.phase not in {JobPhase.SUBMITTED, JobPhase.COMPLETED} or self.demands:
            return None

        return self.handoff

    @property
    def round_verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts on exactly the commit that was handed in, of the round under way; oldest first.

        Empty before the handoff.
        """
        if self.handoff is None:
            return ()

        verdicts: list[Verdict] = []
        for verdict in self.verdicts:
            if verdict.round == self.attempt and verdict.commit == self.handoff.commit:
                verdicts.append(verdict)

        return tuple(verdicts)

    @property
    def findings_to_answer(self) -> tuple[ListedFinding, ...]:
        """The open findings of the round before this one, in the order of the list.

        The author must answer each of them in the next handoff.
        """
        findings: list[ListedFinding] = []
        for listed in self.findings:
            if listed.open and listed.round == self.attempt - 1:
                findings.append(listed)

        return tuple(findings)

    @property
    def writes(self) -> bool:
        """Whether the job changes files, and so has a branch of its own.

        Reviews and the synthesis of a phase do not: they end with a verdict.
        """
        return self.spec.kind not in REVIEWING

    def is_leased_to(self, session: SessionId) -> bool:
        """Whether this session holds the job's lease, by whichever number."""
        if self.lease is None:
            return False

        return self.lease.session == session
