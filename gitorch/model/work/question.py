"""Questions that a human must answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.model.words import Words

if TYPE_CHECKING:
    from gitorch.model.dialog import ShownDialog
    from gitorch.model.ids import CommitId, JobId, Moment, QuestionId, SessionId


class QuestionKind(Words):
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
"""Open questions of these kinds keep a gate closed."""

CLEANUP_OPTIONS = ("worktrees", "branches", "no")
"""Remove worktrees and keep branches; remove merged branches too; leave everything as it is."""

CLEANUP_TEXT = "What should be removed: the run's worktrees, its merged branches too, or nothing?"

FAULT = "fault:"
"""The beginning of the trigger of a question about a fault; the name of the step follows."""

REFUSED = "refused:"
"""The beginning of the trigger of a question about an agent whose reports are refused; job, attempt and lease follow."""

DIALOG = "dialog:"
"""The beginning of the trigger of a question about a dialog of an agent program; its session and what marks the dialog follow."""

FAILED_TURN = "failed:"
"""The beginning of the trigger of a question about an agent whose turn failed again after its nudge; job and attempt follow."""

PROPOSAL = "proposal:"
"""How the trigger of a question about a pull request begins; behind it stands what happened to the pull request."""

MERGED_PROPOSAL = PROPOSAL + "merge:"
"""How it begins for a pull request that was merged, although that approves nothing."""

TARGET_TESTS = "target-tests:"
"""The beginning of the trigger of a question about the tests of the target, which do not pass before any agent begins."""

SETUP = "setup:"
"""The beginning of the trigger of a question about a worktree that could not be set up; the session or commit follows."""

WITHDRAWN = "withdrawn"
"""The option that closes a question whose reason does not exist any more. Nobody can choose it."""


class Answer(Value):
    """A human's answer: one of the options, or free text when there are none."""

    option: str
    text: str
    by: str
    at: Moment

    @property
    def summary(self) -> str:
        """The option and the text, as far as either is given: `push_back add a test`."""
        if not self.option:
            return self.text

        if not self.text:
            return self.option

        return f"{self.option} {self.text}"


class Question(Value):
    """An open or answered question to a human."""

    id: QuestionId
    kind: QuestionKind
    asked_at: Moment
    text: str
    job: JobId | None = None
    session: SessionId | None = None
    options: tuple[str, ...] = ()
    """Empty means free text."""
    trigger: str = ""
    """The cause of an escalation; the same cause is not escalated twice while it is open."""
    happened: str = ""
    tried: str = ""
    evidence: str = ""
    number: int = 0
    """The finding or concern that the question is about; 0 for none."""
    blocker: str = ""
    """The kind of blocker that an agent's escalation is about."""
    severity: str = ""
    reminders: int = 0
    reminded_at: Moment | None = None
    answer: Answer | None = None

    @property
    def is_fault(self) -> bool:
        """Whether it is about a step of gitorch's own that fails: gitorch goes on trying while the question is open."""
        return self.trigger.startswith(FAULT)

    @property
    def is_dialog(self) -> bool:
        """Whether it is about a dialog that an agent program shows."""
        return self.trigger.startswith(DIALOG)

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was closed because its cause is gone, and not by an answer."""
        return self.answer is not None and self.answer.option == WITHDRAWN

    @property
    def is_gating(self) -> bool:
        """Whether a gate stays closed while it is open. A fault says nothing about the work."""
        return self.kind in GATING and not self.is_fault


def dialog_trigger(session: SessionId, offered: ShownDialog | None) -> str:
    """The trigger of the question about a dialog: each dialog of a session has its own, as far as its choices are known."""
    if offered is None:
        return f"{DIALOG}{session}"

    return f"{DIALOG}{session}:{offered.mark}"


def checkout_trigger(job: JobId, commit: CommitId) -> str:
    """The trigger of the question about the checkout in which a job's commit is tested."""
    return f"{SETUP}{job}:{commit[:12]}"


def base_trigger(job: JobId, parents: tuple[CommitId, ...]) -> str:
    """The trigger of the escalation about commits that a job needs and that do not merge; other commits are another cause."""
    return ":".join(("base", job, *(parent[:12] for parent in parents)))


def overlap_trigger(jobs: tuple[JobId, ...]) -> str:
    """The trigger of the escalation about a conflicting pair.

    The order of the jobs is part of it, so the observer must always name a pair in the same order.
    """
    return f"overlap:{':'.join(jobs)}"


def fault_trigger(step: str) -> str:
    """The trigger of the question about a step that fails, by the step's name."""
    return f"{FAULT}{step}"


def unanswered_trigger(question: QuestionId) -> str:
    """The trigger of the escalation that is raised when nobody answered a question in time.

    There is one for each question, so it is escalated once.
    """
    return f"unanswered:{question}"
