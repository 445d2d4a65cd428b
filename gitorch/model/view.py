"""Views of a run for people, ready to be shown as a table, a line or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.counts import counted
from gitorch.model.values import Value, field
from gitorch.model.words import Words
from gitorch.model.work.message import author_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import JobId, MessageId, Moment, QuestionId, RunId, SessionId
    from gitorch.model.work.usage import ModelUsage


class PlainState(Words):
    """How an epic or a run stands, in the words of a person who does not know gitorch. There is no seventh."""

    WAITING = "waiting for you"
    WORKING = "working"
    REVIEWING = "reviewing"
    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"


class JobRow(Value):
    """One job: its phase, who works on it, and in one line what it waits for."""

    id: JobId
    title: str
    kind: str
    phase: str
    batch: int
    attempt: int
    rounds_allowed: int
    session: SessionId | None
    runtime: str
    agent: str
    since: Moment | None
    why: str
    subject: JobId | None = None
    """The work that a review is about."""
    model: str = ""
    """The model of its last session, as the program named it; empty where it is not known."""
    used: str = ""
    """What its sessions used, in words."""


class InboxRow(Value):
    """One open question with the command that answers it."""

    id: QuestionId
    run: RunId
    kind: str
    job: JobId | None
    text: str
    options: tuple[str, ...]
    asked_at: Moment
    command: str
    escalation: str = ""
    severity: str = ""
    others: tuple[str, ...] = ()
    """The other answers as they are typed: words in place of the command's last one, or a whole command."""


class MessageRow(Value):
    """One unread message or plan that is ready, with commands that help."""

    id: MessageId
    run: RunId | None
    sender: str
    to: tuple[str, ...]
    at: Moment
    text: str
    answers: MessageId | None
    plan: str
    commands: tuple[str, ...]
    operator: str = ""
    """The name of the operator who wrote it; empty for a message of anybody else."""

    @property
    def author(self) -> str:
        """The sender as people read it."""
        return author_of(self.sender, self.operator)


class SessionRow(Value):
    """One agent: whether it lives, and what it is doing."""

    id: SessionId
    run: RunId
    job: JobId
    runtime: str
    presence: str
    """`alive`, `stale`, `dead` or `unknown`."""
    agent: str
    phase: str
    since: Moment
    channel: str = ""
    """The control channel that tells its state; empty when nobody could look."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """The channels of its preset that do not answer, with the reasons."""


class ApprovalRow(Value):
    """The approval of a run's merge report, with what proves it."""

    by: str
    at: Moment
    grade: str
    """`forge`, `signed`, `typed` or `unattended`."""

    sentence: str
    """The same in words."""


class UsageShare(Value):
    """What one model served to one session in one attempt of its job."""

    job: JobId
    attempt: int
    session: SessionId
    runtime: str
    lane: str
    usage: ModelUsage


class StatsRow(Value):
    """Figures of one group of work over many runs."""

    name: str
    epics: int
    """Pieces of work whose gate has decided."""
    passed: int
    passed_at_once: int
    """Those that passed in their first round."""
    rounds: int
    """Of all these pieces together."""
    findings: Mapping[str, int]
    """By severity."""
    escalations: int
    """Questions that only a human could decide, without those that were withdrawn."""
    minutes: int
    """For which somebody held its jobs."""
    tokens: int
    """Read and written, without those from caches."""
    cached: int
    cost_micros: int
    """By the programs' own figures, in millionths of a dollar."""
    estimated_micros: int = 0
    """By the user's list of prices, in millionths of its currency."""
    unpriced: int = 0
    """Tokens of models that the list does not have, those from caches among them."""
    redone: int = 0
    """Merged lines of this work that later runs took away or replaced."""

    @property
    def estimate_words(self) -> str:
        """`12.50`, and how many tokens have no price: `12.50, without 5120 tokens`."""
        words = f"{self.estimated_micros / 1_000_000:.2f}"
        if self.unpriced:
            return f"{words}, without {counted(self.unpriced, 'token')}"

        return words

    @property
    def passed_words(self) -> str:
        """`4 of 5 (80 %)` passed in their first round; empty without decided work."""
        if not self.epics:
            return ""

        return f"{self.passed_at_once} of {self.epics} ({100 * self.passed_at_once // self.epics} %)"

    @property
    def rounds_words(self) -> str:
        """The mean number of rounds; empty without decided work."""
        if not self.epics:
            return ""

        return f"{self.rounds / self.epics:.1f}"

    @property
    def findings_words(self) -> str:
        """`2 blocking, 1 minor`."""
        return ", ".join(f"{count} {severity}" for severity, count in self.findings.items())


class RunView(Value):
    """A whole run: its jobs in order of batches, its open questions, and the next commands to type."""

    id: RunId
    title: str
    phase: str
    target: str
    summary: str
    jobs: tuple[JobRow, ...]
    inbox: tuple[InboxRow, ...]
    messages: tuple[MessageRow, ...]
    next_commands: tuple[str, ...]
    started_at: Moment | None
    records: int
    notes: tuple[str, ...] = ()
    """Further remarks."""

    destination: str = ""
    """Where the work goes, as it follows the title: `→ main`, or that nothing is merged."""

    approval: ApprovalRow | None = None
    """The approval that the run stands on; None before it, and after the report was withdrawn or rejected."""

    used: str = ""
    """What its agents used, in words; empty while nothing is recorded."""

    usage: tuple[UsageShare, ...] = ()
    """The same by session, attempt and model."""


class ReviewMark(Value):
    """One review of an epic, in the round under way."""

    id: JobId
    name: str
    """Its role, or its id where it has none: `spec`."""

    word: str
    """`to come`, `at work`, `accepted`, `wants changes`, `waits for you` or `failed`."""


class EpicRow(Value):
    """One row of the board: an epic with its reviews, or the run itself, which is merged as a whole."""

    run: RunId
    id: str
    """The epic's id; the run's own for the row of the run."""

    title: str
    state: PlainState
    reason: str
    """In one line: what it waits for, what is done about it, or how it ended."""

    since: Moment | None
    """When it came into this state; None if nobody recorded that."""

    job: JobId | None = None
    """The epic; None for the row of the run."""

    session: SessionId | None = None
    """The session to look at: the one at work, else the last one that worked on the epic itself."""

    agent: str = ""
    """What the agent of that session is doing, in a word; empty when no session lives."""

    runtime: str = ""
    model: str = ""
    """The model of that session, as the program named it; empty where it is not known."""

    used: str = ""
    """What the epic used with its reviews, in words."""

    attempt: int = 1
    rounds_allowed: int = 0
    reviews: tuple[ReviewMark, ...] = ()
    questions: tuple[InboxRow, ...] = ()
    """What a person must decide about it, oldest first."""
