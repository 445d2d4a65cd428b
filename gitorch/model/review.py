"""What a job hands in and what reviewers make of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, Digest, JobId, Moment


class ReportStatus(StrEnum):
    """The four words an agent may report with."""

    DONE = "DONE"
    DONE_WITH_CONCERNS = "DONE_WITH_CONCERNS"
    NEEDS_CONTEXT = "NEEDS_CONTEXT"
    BLOCKED = "BLOCKED"


class Severity(StrEnum):
    """How much a finding weighs: the first two fail the gate."""

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


class Choice(StrEnum):
    """The four verdicts."""

    ACCEPT = "accept"
    ACCEPT_WITH_FINDINGS = "accept_with_findings"
    NEEDS_REVISION = "needs_revision"
    REJECT = "reject"


ACCEPTING = frozenset({Choice.ACCEPT, Choice.ACCEPT_WITH_FINDINGS})


class Disposition(StrEnum):
    """What an implementer answers to one finding."""

    FIXED = "fixed"
    FALSE_POSITIVE = "false_positive"
    DEFERRED = "deferred"


class Finding(Value):
    """One thing a reviewer found. `path` and `line` may be empty; `number` restates an earlier finding.

    `quote` is what the reviewer says stands there. `doubtful` says that the citation does not hold at the reviewed commit,
    `doubt` why. `withdrawn` takes finding `number` back, for the reason in `detail`.
    """

    severity: Severity
    title: str
    path: str = ""
    line: int = 0
    detail: str = ""
    number: int = 0
    doubtful: bool = False
    quote: str = ""
    doubt: str = ""
    withdrawn: bool = False


class Reply(Value):
    """An implementer's answer to finding `number`: `evidence` is a commit, a reason, or a proof."""

    number: int
    disposition: Disposition
    evidence: str


class ListedFinding(Value):
    """A finding in the one consolidated list of a job: its number never changes over the rounds.

    `open` is false once a round passed without it being raised again, or the principal waived it. `also` are the other
    reviews that raised the same thing in that round. `reply` is the author's newest answer, also to an earlier round's list.
    """

    number: int
    finding: Finding
    review: str
    round: int
    open: bool = True
    waived: bool = False
    reply: Reply | None = None
    also: tuple[str, ...] = ()


class Handoff(Value):
    """An accepted report: `commit` is what the worktree's branch held when it was handed in."""

    status: ReportStatus
    attempt: int
    commit: CommitId
    at: Moment
    summary: str
    concerns: tuple[str, ...] = ()
    tests_claimed: str = ""
    replies: tuple[Reply, ...] = ()


class Check(Value):
    """The project's own test command on a clean checkout of exactly `commit`.

    `outcome` is `passed`, `failed`, `timed-out` or `not-run` (no test command, accepted at start).
    `log` is the digest of the kept output.
    """

    commit: CommitId
    command: str
    outcome: str
    exit_status: int | None
    seconds: float
    log: Digest | None = None
    tail: str = ""


class Verdict(Value):
    """A reviewer's judgement of exactly `commit` in one round. `doubted` names a rejected decision that it rested on."""

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
