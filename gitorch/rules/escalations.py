"""Why something went to the principal: every escalation has one of seven kinds, and a severity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.artifact import EscalationKind
from gitorch.model.question import QuestionKind
from gitorch.model.review import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.question import Question

KINDS: Mapping[str, EscalationKind] = {
    "rounds": EscalationKind.COMMITTEE_STALEMATE,
    "rejected": EscalationKind.COMMITTEE_STALEMATE,
    "independence": EscalationKind.NO_AVAILABLE_REVIEWER_LANE,
    "overlap": EscalationKind.CONTRADICTING_DECISIONS,
    "merge": EscalationKind.CONTRADICTING_DECISIONS,
    "dialog": EscalationKind.MISSING_AUTHORITY,
}
"""By the beginning of the trigger; whatever else is found wants a decision that overrides what was planned."""

IMPORTANT = frozenset({"overlap", "stale"})
"""What keeps nothing from going on yet."""


def kind_of(question: Question) -> str:
    """The kind of an escalation; empty for any other question."""
    if question.kind is not QuestionKind.ESCALATION:
        return ""
    if question.trigger.startswith("blocked:"):
        return question.blocker or str(EscalationKind.AI_SELF_DECLARED)
    return str(KINDS.get(question.trigger.partition(":")[0], EscalationKind.OVERRIDE_REQUIRED))


def severity_of(question: Question) -> str:
    """How much an escalation weighs; empty for any other question."""
    if question.kind is not QuestionKind.ESCALATION:
        return ""
    small = question.trigger.partition(":")[0] in IMPORTANT
    return question.severity or str(Severity.IMPORTANT if small else Severity.BLOCKING)
