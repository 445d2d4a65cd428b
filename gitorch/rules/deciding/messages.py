"""Messages: who may tell whom, in whose name, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Denied, NotFound, Refused
from gitorch.model import events
from gitorch.model.ids import SessionId
from gitorch.model.message import EVERYONE, ORCHESTRATOR, PRINCIPAL
from gitorch.model.record import ActorKind
from gitorch.model.session import SessionPhase
from gitorch.rules import ensure
from gitorch.rules.views.mail import NAMES, is_person, job_named, listeners, next_message, unread

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import MessageId
    from gitorch.model.run import Run

TEXT_CHARACTERS_MAX = 16_000
"""Of one message: what is longer is a file, and its name is the message."""

UNREAD_MAX = 20
"""What one sender may leave unread with one reader: who does not read is not told more."""

SENT_MAX = 200
"""What one job may send in a run; an agent in a loop must not fill the ledger."""


def send(state: State, order: Order, command: commands.SendMessage) -> tuple[Event, ...]:
    """The message, in the caller's own name, to names that exist."""
    sender = _sender(state, order, command)
    to = tuple(dict.fromkeys(name for said in command.to for name in _resolved(state.run, order, command, said)))
    if sender in to:
        message = f"{sender} would be writing to itself"
        raise Refused(message, "gitorch inbox")
    _worth_sending(command.text, sender)
    _not_too_many(state, sender, to)
    number = next_message(state.board)
    return (_sent(number, sender, to, command),)


def _sent(number: MessageId, sender: str, to: tuple[str, ...], command: commands.SendMessage) -> events.MessageSent:
    answered = command.answers
    return events.MessageSent(
        message=number,
        sender=sender,
        to=to,
        thread=number if answered is None else answered.thread,
        answers=None if answered is None else answered.id,
        plan=command.plan,
        plan_digest=command.plan_digest,
        text=command.text,
    )


def _sender(state: State, order: Order, command: commands.SendMessage) -> str:
    """Who this is from: an agent writes as itself only."""
    actor = order.actor
    if actor.kind is ActorKind.AGENT:
        session = next((s for s in ensure.run_there(state).sessions.values() if s.id == actor.session), None)
        if session is None or command.sender not in {"", session.job, session.id}:
            message = f"session {actor.session} may write as itself only, not as {command.sender or actor.name}"
            raise Denied(message, "gitorch send @principal TEXT")
        return session.job
    own = ORCHESTRATOR if actor.kind is ActorKind.HOST else PRINCIPAL
    if command.sender not in {"", own, *command.known}:
        raise _unknown(state.run, command, command.sender)
    return command.sender or own


def _resolved(run: Run | None, order: Order, command: commands.SendMessage, said: str) -> tuple[str, ...]:
    """The names that one name stands for. Raises NotFound with those that there are."""
    if said == EVERYONE:
        return _everyone(run, order)
    if said == ORCHESTRATOR and command.plan_digest is None:
        message = f"{ORCHESTRATOR} is a program and takes plans only; people read {PRINCIPAL}"
        raise Refused(message, f'gitorch send {ORCHESTRATOR} "Plan ready at PATH"')
    if said in {PRINCIPAL, ORCHESTRATOR, *command.known}:
        return (said,)
    job = job_named(run, said) if run is not None and not is_person(said) else None
    if run is None or job is None or run.jobs[job].spec.lane == "":
        raise _unknown(run, command, said)
    if job not in listeners(run):
        message = f"{said} is {run.jobs[job].phase}; nobody would read this"
        raise Refused(message, f"gitorch why {job}")
    return (job,)


def _everyone(run: Run | None, order: Order) -> tuple[str, ...]:
    """All agents that have a session; only the principal may interrupt them all."""
    ensure.principal(order.actor, f"send to {EVERYONE}")
    living = () if run is None else tuple(s.job for s in run.sessions.values() if s.phase is not SessionPhase.ENDED)
    to = tuple(job for job in listeners(run) if job in living)
    if not to:
        message = "no agent has a session now, so there is nobody to tell"
        raise Refused(message, "gitorch status")
    return to


def _unknown(run: Run | None, command: commands.SendMessage, said: str) -> NotFound:
    names = dict.fromkeys((*NAMES, *command.known, *listeners(run)))
    where = "" if run is None else f" in run {run.id}"
    message = f"nobody is called {said}{where}; there are {', '.join(names)}"
    return NotFound(message, f"gitorch send {PRINCIPAL} TEXT")


def _worth_sending(text: str, sender: str) -> None:
    if not text.strip():
        message = "the message is empty"
        raise Refused(message, "gitorch send NAME TEXT")
    if len(text) > TEXT_CHARACTERS_MAX:
        message = f"the message of {sender} has {len(text)} characters; {TEXT_CHARACTERS_MAX} fit"
        raise Refused(message, 'gitorch send NAME "It is in FILE, commit COMMIT"')


def _not_too_many(state: State, sender: str, to: tuple[str, ...]) -> None:
    if sender == ORCHESTRATOR:
        return
    messages = {**state.board.messages, **(state.run.messages if state.run is not None else {})}
    own = {name: message for name, message in messages.items() if message.sender == sender}
    for name in to:
        if len(unread(own, name)) >= UNREAD_MAX:
            message = f"{name} has {UNREAD_MAX} messages of {sender} to read; write again when they are read"
            raise Refused(message, "gitorch wait")
    if not is_person(sender) and len(own) >= SENT_MAX:
        message = f"{sender} has sent {SENT_MAX} messages in this run; nobody reads more"
        raise Refused(message, "gitorch handoff BLOCKED --blocker TEXT --clears TEXT")


def read(state: State, order: Order, command: commands.ReadMessages) -> tuple[Event, ...]:
    """One record for all that were read at once, and none for what was read before."""
    reader = command.reader
    if order.actor.kind is ActorKind.AGENT:
        session = ensure.run_there(state).sessions.get(SessionId(order.actor.session or ""))
        if session is None or session.job != reader:
            message = f"session {order.actor.session} may read its own messages only"
            raise Denied(message, "gitorch inbox")
    held = state.board.messages if state.run is None else state.run.messages
    fresh = tuple(m.id for m in unread(held, reader) if m.id in command.messages)
    return (events.MessagesRead(fresh, reader),) if fresh else ()


def refused_plan(state: State, command: commands.RejectPlan, text: str) -> tuple[Event, ...]:
    """What the coordinator is told of a plan that was refused; the same words are not left unread twice."""
    to = command.coordinator
    if not to or any(m.text == text for m in unread(state.board.messages, to)):
        return ()
    number = next_message(state.board)
    return (
        events.MessageSent(number, ORCHESTRATOR, (to,), number, None, command.plan, None, text[:TEXT_CHARACTERS_MAX]),
    )
