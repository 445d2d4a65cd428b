"""Handoffs, checks, findings and verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.words import Words

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, Digest, JobId, Moment, SessionId


class ReportStatus(Words):
    """The four statuses of an agent's report."""

    DONE = "DONE"
    DONE_WITH_CONCERNS = "DONE_WITH_CONCERNS"
    NEEDS_CONTEXT = "NEEDS_CONTEXT"
    BLOCKED = "BLOCKED"


class Severity(Words):
    """The weight of a finding: the first two fail the gate."""

    BLOCKING = "blocking"
    IMPORTANT = "important"
    MINOR = "minor"
    NOTE = "note"


SEVERITY_ALIASES = {
    "critical": Severity.BLOCKING,
    "high": Severity.BLOCKING,
    "medium": Severity.IMPORTANT,
    "low": Severity.MINOR,
}
"""The other scale that reviewers use."""

FAILING = frozenset({Severity.BLOCKING, Severity.IMPORTANT})


class Choice(Words):
    """The four verdicts."""

    ACCEPT = "accept"
    ACCEPT_WITH_FINDINGS = "accept_with_findings"
    NEEDS_REVISION = "needs_revision"
    REJECT = "reject"


ACCEPTING = frozenset({Choice.ACCEPT, Choice.ACCEPT_WITH_FINDINGS})


class Disposition(Words):
    """An implementer's answer to one finding."""

    FIXED = "fixed"
    FALSE_POSITIVE = "false_positive"
    DEFERRED = "deferred"


class Finding(Value):
    """One finding of a reviewer. `path` and `line` may be empty."""

    severity: Severity
    title: str
    path: str = ""
    line: int = 0
    detail: str = ""
    number: int = 0
    """The earlier finding that this one restates; 0 for a new one."""
    doubtful: bool = False
    """Whether the citation does not hold at the reviewed commit."""
    quote: str = ""
    """The text that the reviewer says stands at the cited line."""
    doubt: str = ""
    """Why the citation does not hold."""
    withdrawn: bool = False
    """Whether this takes finding `number` back, for the reason in `detail`."""

    @property
    def place(self) -> str:
        """The cited place: `a.py:3`, or `a.py` without a line; empty without a path."""
        if not self.path or not self.line:
            return self.path

        return f"{self.path}:{self.line}"


class Reply(Value):
    """An implementer's answer to finding `number`."""

    number: int
    disposition: Disposition
    evidence: str
    """A commit, a reason or a proof, by disposition."""


class ListedFinding(Value):
    """A finding in the consolidated list of a job."""

    number: int
    """Never changes over the rounds."""
    finding: Finding
    review: str
    round: int
    open: bool = True
    """False once a round passed in which nobody raised it again, or the principal waived it."""
    waived: bool = False
    reply: Reply | None = None
    """The author's newest answer, which may be to an earlier round's list."""
    also: tuple[str, ...] = ()
    """The other reviews that raised the same finding in that round."""


class Handoff(Value):
    """An accepted report."""

    status: ReportStatus
    attempt: int
    commit: CommitId
    """The tip of the worktree's branch when the agent reported."""
    at: Moment
    summary: str
    concerns: tuple[str, ...] = ()
    tests_claimed: str = ""
    replies: tuple[Reply, ...] = ()
    session: SessionId | None = None
    """The session that reported."""
    model: str = ""
    """The model that did the work, as far as it was known then."""


PROGRAM_NOT_FOUND = 127
"""The exit status with which a shell reports that a program does not exist."""


class TestClaim(Value):
    """What an author said about its tests in one round. Nobody has checked it."""

    round: int
    tests: str


class Check(Value):
    """A run of the project's test command on a clean checkout of exactly `commit`."""

    commit: CommitId
    command: str
    outcome: str
    """`passed`, `failed`, `timed-out`, `not-run` (no test command, accepted at start), or `not-set-up`."""
    exit_status: int | None
    seconds: float
    log: Digest | None = None
    """The digest of the kept output."""
    tail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the command ran and ended with status 0."""
        return self.outcome == "passed"

    @property
    def ended(self) -> str:
        """How it ended, as a verb: `passed`, `failed with status 1`, `timed out after 60 s`."""
        if self.outcome == "timed-out":
            return f"timed out after {self.seconds:.0f} s"

        if self.exit_status:
            return f"{self.outcome} with status {self.exit_status}"

        return self.outcome

    @property
    def summary(self) -> str:
        """The result in one line: `failed with status 1 after 2.3 s on a clean checkout of 3f2a91c5d2e8`."""
        result = self.outcome.replace("-", " ")
        if self.exit_status:
            result += f" with status {self.exit_status}"

        if self.exit_status == PROGRAM_NOT_FOUND:
            result += " (program not found)"

        return f"{result} after {self.seconds:.1f} s on a clean checkout of {self.commit[:12]}"


class Verdict(Value):
    """A reviewer's judgement of exactly `commit` in one round."""

    review: JobId
    subject: JobId
    commit: CommitId
    round: int
    choice: Choice
    findings: tuple[Finding, ...]
    session: str
    runtime: str
    at: Moment
    doubted: str = ""
    """The rejected decision that the verdict rested on."""
    model: str = ""
    """The model that judged, as far as it was known then."""
