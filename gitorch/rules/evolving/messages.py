"""Messages: kept until everybody has read them, and delivered to the sessions of their readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.ids import JobId, SessionId
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.message import ORCHESTRATOR, Message
from gitorch.model.work.session import Prompt, PromptKind
from gitorch.rules.evolving import BY_ANYBODY, Evolution
from gitorch.rules.evolving.transitions import add_prompt, with_session
from gitorch.rules.messages.mail import first_line, message_of, next_message

if TYPE_CHECKING:
    from gitorch.model.ids import MessageId
    from gitorch.model.record import Record
    from gitorch.model.work.board import Board
    from gitorch.model.work.run import Run
    from gitorch.rules.evolving import Evolutions

RECEIPT = "read"
"""The receipt of a prompt whose message was read before the prompt was delivered."""


def sent(run: Run, record: Record, event: events.MessageSent) -> Run:
    """Keep the message, and queue a prompt about it for the living session of each reader.

    Raises Corrupt if an agent wrote in another name.
    """
    _ensure_own_name(run, record, f"message {event.message}", event.sender)
    run = replace(run, messages={**run.messages, event.message: message_of(record, event)})

    for name in event.to:
        job = run.jobs.get(JobId(name))
        if job is not None and job.session is not None:
            run = add_prompt(run, job.session, PromptKind.MESSAGE, event.message)

    return run


def _ensure_own_name(run: Run, record: Record, subject: str, name: str) -> None:
    """Raises Corrupt if an agent writes or reads in a name other than its job's."""
    if record.actor.kind is not ActorKind.AGENT:
        return

    session = run.sessions.get(SessionId(record.actor.session or ""))
    if session is None or session.job != name:
        message = f"{subject} is from {name} but was written by {record.actor.name}"
        raise Corrupt(message)


def read(run: Run, record: Record, event: events.MessagesRead) -> Run:
    """Mark the messages as read by this reader. A message that everybody has read keeps only its first line."""
    _ensure_own_name(run, record, "the reading of messages", event.reader)
    messages = dict(run.messages)

    for name in event.messages:
        messages[name] = _after_reading(messages[name], event.reader)

    run = replace(run, messages=messages)
    for session in run.sessions.values():
        if session.job == event.reader:
            run = _read_before_delivery(run, session.id, event.messages)

    return run


def _after_reading(message: Message, reader: str) -> Message:
    """The message after one more reader; once everybody has read it, only its first line is kept."""
    read_by = (*message.read_by, reader)
    if set(message.to) <= set(read_by):
        return replace(message, read_by=read_by, text=first_line(message.text))

    return replace(message, read_by=read_by)


def _read_before_delivery(run: Run, session: SessionId, messages: tuple[MessageId, ...]) -> Run:
    """Give a receipt to each prompt about these messages that the session has not received yet."""
    changed = False
    prompts: list[Prompt] = []

    for prompt in run.sessions[session].prompts:
        if prompt.kind is PromptKind.MESSAGE and prompt.about in messages and not prompt.receipt:
            changed = True
            prompts.append(replace(prompt, receipt=RECEIPT))
        else:
            prompts.append(prompt)

    if not changed:
        return run

    return with_session(run, session, prompts=tuple(prompts))


def counted(board: Board, record: Record, event: events.MessageSent) -> Board:
    """Count one more message; a message of no run stays on the board until it is read.

    Raises Corrupt if its number is not the next one.
    """
    if event.message != next_message(board):
        message = f"message {event.message} was sent where {next_message(board)} must follow"
        raise Corrupt(message)

    if record.run is not None:
        return replace(board, sent=board.sent + 1)

    messages = {**board.messages, event.message: message_of(record, event)}
    return replace(board, sent=board.sent + 1, messages=messages)


def read_on_board(board: Board, event: events.MessagesRead) -> Board:
    """Remove a message from the board once everybody has read it. Raises Corrupt if the message is not on the board."""
    kept = dict(board.messages)
    for name in event.messages:
        if name not in kept:
            message = f"message {name} was read but is not on the board"
            raise Corrupt(message)

        after = _after_reading(kept[name], event.reader)
        if set(after.to) <= set(after.read_by):
            del kept[name]
        else:
            kept[name] = after

    return replace(board, messages=kept)


def plan_taken_up(board: Board, event: events.RunPrepared) -> Board:
    """Remove the messages about a plan from the board when the plan becomes a run."""
    kept = {name: message for name, message in board.messages.items() if not _is_about_plan(message, event)}
    if len(kept) == len(board.messages):
        return board

    return replace(board, messages=kept)


def _is_about_plan(message: Message, event: events.RunPrepared) -> bool:
    """Whether this is a message to or from gitorch that names the prepared plan, or one with its content."""
    if not message.plan or ORCHESTRATOR not in {message.sender, *message.to}:
        return False

    return message.plan == event.plan or message.plan_digest == event.plan_digest


EVENTS: Evolutions = {
    events.MessageSent: Evolution(sent, BY_ANYBODY),
    events.MessagesRead: Evolution(read, BY_ANYBODY),
}
