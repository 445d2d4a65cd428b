"""Messages: who may write to whom, in whose name, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Denied, NotFound, Refused
from gitorch.model import commands, events
from gitorch.model.ids import SessionId
from gitorch.model.record import ActorKind
from gitorch.model.work.message import EVERYONE, ORCHESTRATOR, PRINCIPAL
from gitorch.rules.guards import ensure
from gitorch.rules.messages.mail import NAMES, is_person, job_named, listeners, next_message, unread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import JobId, MessageId
    from gitorch.model.record import Actor
    from gitorch.model.work.board import State
    from gitorch.model.work.message import Message
    from gitorch.model.work.run import Run
    from gitorch.rules.deciding import Decisions

TEXT_CHARACTERS_MAX = 16_000
"""Of one message; longer texts belong in a file that the message names."""

UNREAD_MAX = 20
"""How many messages of one sender one reader may leave unread before further ones are refused."""

SENT_MAX = 200
"""How many messages one job may send in a run, so that an agent in a loop cannot fill the ledger."""


def send(state: State, order: Order, command: commands.SendMessage) -> tuple[Event, ...]:
    """The message, in the caller's own name, to names that exist."""
    sender = _sender(state, order, command)
    names: list[str] = []
    for recipient in command.to:
        names += _resolved(state.run, order, command, recipient)

    to = tuple(dict.fromkeys(names))
    if sender in to:
        message = f"{sender} cannot write to itself"
        raise Refused(message, "gitorch inbox")

    _ensure_sendable(command.text, sender)
    _ensure_within_limits(state, sender, to)
    number = next_message(state.board)
    thread: MessageId = number
    answers: MessageId | None = None
    if command.answers is not None:
        thread = command.answers.thread
        answers = command.answers.id

    event = events.MessageSent(
        message=number,
        sender=sender,
        to=to,
        thread=thread,
        answers=answers,
        plan=command.plan,
        plan_digest=command.plan_digest,
        text=command.text,
    )
    return (event,)


def _sender(state: State, order: Order, command: commands.SendMessage) -> str:
    """The name that the message is from: an agent's job, or a name that the caller may write in."""
    if order.actor.kind is ActorKind.AGENT:
        return _agent_sender(ensure.run_there(state), order.actor, command)

    own = _own_name(order)

    if command.sender not in {"", own, *command.known}:
        raise _unknown(state.run, command, command.sender)

    return command.sender or own


def _own_name(order: Order) -> str:
    """The name that a caller writes in who gives none."""
    if order.actor.kind is ActorKind.HOST:
        return ORCHESTRATOR
    return PRINCIPAL


def _agent_sender(run: Run, actor: Actor, command: commands.SendMessage) -> str:
    """The agent's own job. Raises Denied if the sender is another one."""
    session = run.sessions.get(SessionId(actor.session or ""))
    if session is None or command.sender not in {"", session.job, session.id}:
        message = f"session {actor.session} may write as itself only, not as {command.sender or actor.name}"
        raise Denied(message, "gitorch send @principal TEXT")

    return session.job


def _resolved(run: Run | None, order: Order, command: commands.SendMessage, name: str) -> tuple[str, ...]:
    """The recipients that one name stands for. Raises NotFound, with the names that exist, if there is no such name."""
    if name == EVERYONE:
        return _everyone(run, order)

    if name == ORCHESTRATOR:
        _ensure_plan(command)

    if name in {PRINCIPAL, ORCHESTRATOR, *command.known}:
        return (name,)

    if run is None or is_person(name):
        raise _unknown(run, command, name)

    return (_job_that_listens(run, command, name),)


def _ensure_plan(command: commands.SendMessage) -> None:
    """Raises Refused if a message to the orchestrator names no plan."""
    if command.plan_digest is None:
        message = f"{ORCHESTRATOR} is a program and takes plans only; people read {PRINCIPAL}"
        raise Refused(message, f'gitorch send {ORCHESTRATOR} "Plan ready at PATH"')


def _job_that_listens(run: Run, command: commands.SendMessage, name: str) -> JobId:
    """The job of this name. Raises NotFound if the name has no agent, and Refused if its agent reads nothing any more."""
    job = job_named(run, name)
    if job is None or run.jobs[job].spec.lane == "":
        raise _unknown(run, command, name)

    if job not in listeners(run):
        message = f"{name} is {run.jobs[job].phase}; nobody would read this"
        raise Refused(message, f"gitorch why {job}")

    return job


def _everyone(run: Run | None, order: Order) -> tuple[str, ...]:
    """All agents with a session. Raises Denied if the sender is not the principal, and Refused if no session lives."""
    ensure.principal(order.actor, f"send to {EVERYONE}")
    to = _living_agents(run)

    if not to:
        message = "no agent has a session now, so nobody would read this"
        raise Refused(message, "gitorch status")

    return tuple(to)


def _living_agents(run: Run | None) -> list[str]:
    """The agents that have a session."""
    to: list[str] = []
    if run is not None:
        living = {session.job for session in run.living_sessions}
        to += [job for job in listeners(run) if job in living]
    return to


def _unknown(run: Run | None, command: commands.SendMessage, name: str) -> NotFound:
    """The error for a name that nobody has, with the names that exist."""
    names = dict.fromkeys((*NAMES, *command.known, *listeners(run)))
    where = ""
    if run is not None:
        where = f" in run {run.id}"

    message = f"nobody is called {name}{where}; there are {', '.join(names)}"
    return NotFound(message, f"gitorch send {PRINCIPAL} TEXT")


def _ensure_sendable(text: str, sender: str) -> None:
    """Raises Refused if the text is empty or too long."""
    if not text.strip():
        message = "the message is empty"
        raise Refused(message, "gitorch send NAME TEXT")

    if len(text) > TEXT_CHARACTERS_MAX:
        message = f"the message of {sender} has {len(text):,} characters; at most {TEXT_CHARACTERS_MAX:,} are allowed"
        raise Refused(message, 'gitorch send NAME "It is in FILE, commit COMMIT"')


def _ensure_within_limits(state: State, sender: str, to: tuple[str, ...]) -> None:
    """Raises Refused if a recipient has too much unread of this sender, or if a job has sent too many messages."""
    if sender == ORCHESTRATOR:
        return

    own = _ensure_room(state, sender, to)

    if not is_person(sender) and len(own) >= SENT_MAX:
        message = f"{sender} has sent {SENT_MAX} messages in this run, which is the limit"
        raise Refused(message, "gitorch handoff BLOCKED --blocker TEXT --clears TEXT")


def _ensure_room(state: State, sender: str, to: tuple[str, ...]) -> dict[MessageId, Message]:
    """Raises Refused if the recipient has too much unread of this sender."""
    own = _messages_of(state, sender)
    for name in to:
        if len(unread(own, name)) >= UNREAD_MAX:
            message = f"{name} has {UNREAD_MAX} unread messages of {sender}; write again when they are read"
            raise Refused(message, "gitorch wait")
    return own


def _messages_of(state: State, sender: str) -> dict[MessageId, Message]:
    """The messages of one sender that the state holds, in and outside of the run."""
    messages = dict(state.board.messages)
    if state.run is not None:
        messages.update(state.run.messages)

    return {name: message for name, message in messages.items() if message.sender == sender}


def read(state: State, order: Order, command: commands.ReadMessages) -> tuple[Event, ...]:
    """One record for all messages that were read at once; nothing for those that were read before."""
    if order.actor.kind is ActorKind.AGENT:
        _ensure_own_messages(ensure.run_there(state), order.actor, command.reader)

    messages = state.board.messages
    if state.run is not None:
        messages = state.run.messages

    fresh = _not_read(command, messages)

    if not fresh:
        return ()

    return (events.MessagesRead(tuple(fresh), command.reader),)


def _not_read(command: commands.ReadMessages, messages: Mapping[MessageId, Message]) -> list[MessageId]:
    """Those of the command's messages that its reader has not read."""
    fresh: list[MessageId] = []
    for message in unread(messages, command.reader):
        if message.id in command.messages:
            fresh.append(message.id)
    return fresh


def _ensure_own_messages(run: Run, actor: Actor, reader: str) -> None:
    """Raises Denied if an agent reads the messages of another job."""
    session = run.sessions.get(SessionId(actor.session or ""))
    if session is None or session.job != reader:
        message = f"session {actor.session} may read its own messages only"
        raise Denied(message, "gitorch inbox")


def refused_plan(state: State, command: commands.RejectPlan, text: str) -> tuple[Event, ...]:
    """The message to the coordinator of a refused plan, unless the same text is unread already."""
    coordinator = command.coordinator
    if not coordinator:
        return ()

    for message in unread(state.board.messages, coordinator):
        if message.text == text:
            return ()

    number = next_message(state.board)
    event = events.MessageSent(
        message=number,
        sender=ORCHESTRATOR,
        to=(coordinator,),
        thread=number,
        answers=None,
        plan=command.plan,
        plan_digest=None,
        text=text[:TEXT_CHARACTERS_MAX],
    )
    return (event,)


DECISIONS: Decisions = {
    commands.SendMessage: send,
    commands.ReadMessages: read,
}
