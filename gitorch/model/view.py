"""Views of a run for people, ready to be shown as a table, a line or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import JobId, MessageId, Moment, QuestionId, RunId, SessionId


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
