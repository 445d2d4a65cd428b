"""Documents that a job hands in beside commits: their kinds, their front matter, and what a run keeps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.words import Words

if TYPE_CHECKING:
    from gitorch.model.ids import Digest, JobId, Moment, SessionId
    from gitorch.model.work.review import Choice, Severity


class ArtifactKind(Words):
    """The kind of a document. `other` may be any file; a kind with fields of its own is Markdown with front matter."""

    PROMPT = "prompt"
    FINDING = "finding"
    FINDINGS_LEDGER = "findings_ledger"
    SYNTHESIS = "synthesis"
    MARKER = "marker"
    HANDOFF = "handoff"
    DECISION = "decision"
    PATCH_SUMMARY = "patch_summary"
    TEST_REPORT = "test_report"
    SUPPORT_LEDGER = "support_ledger"
    ACTION_ITEM_LEDGER = "action_item_ledger"
    HARNESS_IMPROVEMENT_PROPOSAL = "harness_improvement_proposal"
    ESCALATION = "escalation"
    OPERATOR_BRIEF = "operator_brief"
    WORK_PLAN = "work_plan"
    PROGRESS_NOTE = "progress_note"
    OPERATOR_REPORT = "operator_report"
    OTHER = "other"


class Outcome(Words):
    """The outcome of a decision."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ACCEPTED_WITH_FOLLOW_UP = "accepted_with_follow_up"


class EscalationKind(Words):
    """Why something is escalated to the principal."""

    AMBIGUOUS_GOAL = "ambiguous_goal"
    MISSING_AUTHORITY = "missing_authority"
    CONTRADICTING_DECISIONS = "contradicting_decisions"
    NO_AVAILABLE_REVIEWER_LANE = "no_available_reviewer_lane"
    COMMITTEE_STALEMATE = "committee_stalemate"
    OVERRIDE_REQUIRED = "override_required"
    AI_SELF_DECLARED = "ai_self_declared"


class Entry(Value):
    """One finding in a findings ledger."""

    number: int
    source: str
    """The review that it comes from."""
    severity: Severity
    title: str
    disposition: str = ""
    path: str = ""
    line: int = 0
    detail: str = ""
    """What the reviewer wrote about it."""
    answer: str = ""
    """What a synthesis answers."""

    @property
    def place(self) -> str:
        """The cited place: `a.py:3`, or `a.py` without a line; empty without a path."""
        if not self.line:
            return self.path

        return f"{self.path}:{self.line}"


class Evidence(Value):
    """The evidence for a claim: a quotation at a place of a commit, or a command with its exit status and the digest of its output."""

    path: str = ""
    line: int = 0
    commit: str = ""
    quote: str = ""
    command: str = ""
    exit_status: int = 0
    output: str = ""


class Claim(Value):
    """One claim of a support ledger."""

    number: int
    text: str
    evidence: tuple[Evidence, ...]
    line: int = 1
    """Its line in the file."""


class Document(Value):
    """The front matter of an artifact, as far as rules read it."""

    kind: ArtifactKind
    intent: Choice | None = None
    entries: tuple[Entry, ...] = ()
    answers: tuple[int, ...] = ()
    """Numbers of findings."""
    answer_texts: tuple[str, ...] = ()
    """The answer to each of them, in the same order."""
    claims: tuple[Claim, ...] = ()
    job: str = ""
    """Names the handoff that it belongs to, with `attempt` and `nonce`, for a session that cannot run commands."""
    attempt: int = 0
    nonce: str = ""


class Artifact(Value):
    """A published document."""

    name: str
    kind: ArtifactKind
    path: str
    job: JobId
    attempt: int
    version: int
    digest: Digest
    size: int
    session: SessionId
    at: Moment
    intent: Choice | None = None
    entries: tuple[Entry, ...] = ()
    answers: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()
    """Claims that nothing supports, as sentences."""
