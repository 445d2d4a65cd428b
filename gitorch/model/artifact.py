"""Documents that a job hands in beside commits: their kinds, what their front matter says, and what is kept of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import Digest, JobId, Moment, SessionId
    from gitorch.model.review import Choice, Severity


class ArtifactKind(StrEnum):
    """What a document is. `other` may be any file; every kind with fields of its own is Markdown with front matter."""

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


class Outcome(StrEnum):
    """What was decided."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ACCEPTED_WITH_FOLLOW_UP = "accepted_with_follow_up"


class EscalationKind(StrEnum):
    """Why something goes to the principal."""

    AMBIGUOUS_GOAL = "ambiguous_goal"
    MISSING_AUTHORITY = "missing_authority"
    CONTRADICTING_DECISIONS = "contradicting_decisions"
    NO_AVAILABLE_REVIEWER_LANE = "no_available_reviewer_lane"
    COMMITTEE_STALEMATE = "committee_stalemate"
    OVERRIDE_REQUIRED = "override_required"
    AI_SELF_DECLARED = "ai_self_declared"


class Entry(Value):
    """One finding in a findings ledger, with the review that it comes from."""

    number: int
    source: str
    severity: Severity
    title: str
    disposition: str = ""


class Evidence(Value):
    """What a claim rests on: a quotation at a place of a commit, or a command with its exit status and its output's digest."""

    path: str = ""
    line: int = 0
    commit: str = ""
    quote: str = ""
    command: str = ""
    exit_status: int = 0
    output: str = ""


class Claim(Value):
    """One claim of a support ledger, by its number and its line in the file."""

    number: int
    text: str
    evidence: tuple[Evidence, ...]
    line: int = 1


class Document(Value):
    """What the front matter of an artifact says that rules care about. `answers` are numbers of findings.

    `job`, `attempt` and `nonce` name whose handoff it is, for a session that cannot run commands.
    """

    kind: ArtifactKind
    intent: Choice | None = None
    entries: tuple[Entry, ...] = ()
    answers: tuple[int, ...] = ()
    claims: tuple[Claim, ...] = ()
    job: str = ""
    attempt: int = 0
    nonce: str = ""


class Artifact(Value):
    """A document as it was published. `faults` are claims that nothing supports, in words."""

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
