"""Questions that a human owes an answer to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import JobId, Moment, QuestionId, SessionId


class QuestionKind(StrEnum):
    """Why a human is asked."""

    CONTEXT = "context"
    CONCERN = "concern"
    DEFERRED = "deferred"
    CHECKPOINT = "checkpoint"
    ESCALATION = "escalation"
    APPROVAL = "approval"
    CLEANUP = "cleanup"


HOLDING = frozenset({QuestionKind.CONTEXT, QuestionKind.ESCALATION})
"""Open questions of these kinds keep a job from being given to a session."""

GATING = frozenset({QuestionKind.CONCERN, QuestionKind.DEFERRED, QuestionKind.CHECKPOINT, QuestionKind.ESCALATION})
"""Open questions of these kinds keep a gate shut."""

CLEANUP_OPTIONS = ("worktrees", "branches", "no")
"""Remove worktrees and keep branches; remove merged branches too; leave everything as it is."""

CLEANUP_TEXT = "What should be removed: the run's worktrees, its merged branches too, or nothing?"


class Answer(Value):
    """What a human decided: one of the options, or free text where none are given."""

    option: str
    text: str
    by: str
    at: Moment


class Question(Value):
    """Something that a human owes. `options` empty means free text.

    `trigger` names an escalation's cause, so that the same cause is never escalated twice while it is open.
    """

    id: QuestionId
    kind: QuestionKind
    asked_at: Moment
    text: str
    job: JobId | None = None
    session: SessionId | None = None
    options: tuple[str, ...] = ()
    trigger: str = ""
    happened: str = ""
    tried: str = ""
    evidence: str = ""
    number: int = 0
    blocker: str = ""
    severity: str = ""
    reminders: int = 0
    reminded_at: Moment | None = None
    answer: Answer | None = None


def unanswered_trigger(question: QuestionId) -> str:
    """The trigger of the escalation that is raised when nobody answered a question."""
    return f"unanswered:{question}"
