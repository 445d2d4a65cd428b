"""Messages: kept while somebody has to read them, told to the agents that they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model.ids import JobId
from gitorch.model.message import ORCHESTRATOR, Message
from gitorch.model.record import ActorKind
from gitorch.model.session import PromptKind
from gitorch.model.values import replace
from gitorch.rules.transitions import add_prompt, with_session
from gitorch.rules.views.mail import first_line, next_message

if TYPE_CHECKING:
    from gitorch.model.board import Board
    from gitorch.model.events import MessageSent, MessagesRead, RunPrepared
    from gitorch.model.ids import MessageId, SessionId
    from gitorch.model.record import Record
    from gitorch.model.run import Run

RECEIPT = "read"
"""Of a text that need not be typed any more, because its reader was there first."""


def sent(run: Run, record: Record, event: MessageSent) -> Run:
    """The message is kept, and owed to each living session that it is for. Raises Corrupt where an agent wrote as another."""
    if record.actor.kind is ActorKind.AGENT:
        session = next((s for s in run.sessions.values() if s.id == record.actor.session), None)
        if session is None or session.job != event.sender:
            message = f"message {event.message} is from {event.sender} but was written by {record.actor.name}"
            raise Corrupt(message)
    run = replace(run, messages={**run.messages, event.message: _message(record, event)})
    for name in event.to:
        job = run.jobs.get(JobId(name))
        if job is not None and job.session is not None:
            run = add_prompt(run, job.session, PromptKind.MESSAGE, event.message)
    return run


def _message(record: Record, event: MessageSent) -> Message:
    return Message(
        id=event.message,
        sender=event.sender,
        to=event.to,
        at=record.at,
        text=event.text,
        thread=event.thread,
        answers=event.answers,
        plan=event.plan,
        plan_digest=event.plan_digest,
    )


def read(run: Run, record: Record, event: MessagesRead) -> Run:
    """Nobody is told again; of a message that everybody has read, the first line is kept."""
    del record
    messages = {**run.messages, **{name: _after(run.messages[name], event.reader) for name in event.messages}}
    run = replace(run, messages=messages)
    for session in run.sessions.values():
        if session.job == event.reader:
            run = _told(run, session.id, event.messages)
    return run


def _after(message: Message, reader: str) -> Message:
    read_by = (*message.read_by, reader)
    text = first_line(message.text) if set(message.to) <= set(read_by) else message.text
    return replace(message, read_by=read_by, text=text)


def _told(run: Run, session: SessionId, messages: tuple[MessageId, ...]) -> Run:
    prompts = run.sessions[session].prompts
    about = {str(message) for message in messages}
    owed = any(x.kind is PromptKind.MESSAGE and x.about in about and not x.receipt for x in prompts)
    if not owed:
        return run
    told = (
        replace(x, receipt=RECEIPT) if x.kind is PromptKind.MESSAGE and x.about in about and not x.receipt else x
        for x in prompts
    )
    return with_session(run, session, prompts=tuple(told))


def counted(board: Board, record: Record, event: MessageSent) -> Board:
    """One message more; one of no run stands on the board until it is read. Raises Corrupt where its number does not follow."""
    if event.message != next_message(board):
        message = f"message {event.message} was sent where {next_message(board)} must follow"
        raise Corrupt(message)
    kept = {**board.messages, event.message: _message(record, event)} if record.run is None else board.messages
    return replace(board, sent=board.sent + 1, messages=kept)


def read_on_board(board: Board, event: MessagesRead) -> Board:
    """What everybody has read leaves the board. Raises Corrupt for what is not on it."""
    kept = dict(board.messages)
    for name in event.messages:
        if name not in kept:
            message = f"message {name} was read but stands nowhere"
            raise Corrupt(message)
        after = _after(kept[name], event.reader)
        if set(after.to) <= set(after.read_by):
            del kept[name]
        else:
            kept[name] = after
    return replace(board, messages=kept)


def plan_taken_up(board: Board, event: RunPrepared) -> Board:
    """A plan that became a run need not be started, and what was wrong with it before is over."""
    about = {m.id for m in board.messages.values() if _about_plan(m, event)}
    return replace(board, messages={k: m for k, m in board.messages.items() if k not in about}) if about else board


def _about_plan(message: Message, event: RunPrepared) -> bool:
    meant = message.plan == event.plan or message.plan_digest == event.plan_digest
    return bool(message.plan) and meant and ORCHESTRATOR in {message.sender, *message.to}
