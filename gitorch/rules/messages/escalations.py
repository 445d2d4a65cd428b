"""The kind and the severity of an escalation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.work.artifact import EscalationKind
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.review import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.work.question import Question

KINDS: Mapping[str, EscalationKind] = {
    "rounds": EscalationKind.COMMITTEE_STALEMATE,
    "rejected": EscalationKind.COMMITTEE_STALEMATE,
    "independence": EscalationKind.NO_AVAILABLE_REVIEWER_LANE,
    "overlap": EscalationKind.CONTRADICTING_DECISIONS,
    "merge": EscalationKind.CONTRADICTING_DECISIONS,
    "dialog": EscalationKind.MISSING_AUTHORITY,
}
"""By the first part of the trigger. Any other escalation asks the principal to override the plan."""

IMPORTANT = frozenset({"overlap", "stale"})
"""First parts of the triggers of escalations that do not stop any work yet."""


def kind_of(question: Question) -> str:
    """The kind of an escalation; empty for any other question.

    An agent names the kind of its own blocker; for every other escalation the kind follows from the trigger.
    """
    if question.kind is not QuestionKind.ESCALATION:
        return ""

    cause = _cause(question)
    if cause == "blocked":
        return question.blocker or str(EscalationKind.AI_SELF_DECLARED)

    return str(KINDS.get(cause, EscalationKind.OVERRIDE_REQUIRED))


def severity_of(question: Question) -> str:
    """The severity of an escalation; empty for any other question.

    It is the one that an agent gave its blocker, else `important` while work goes on, else `blocking`.
    """
    if question.kind is not QuestionKind.ESCALATION:
        return ""

    if question.severity:
        return question.severity

    if _cause(question) in IMPORTANT:
        return str(Severity.IMPORTANT)

    return str(Severity.BLOCKING)


def _cause(question: Question) -> str:
    """The first part of an escalation's trigger."""
    return question.trigger.partition(":")[0]
