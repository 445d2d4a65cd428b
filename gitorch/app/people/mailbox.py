"""What lies in the ledger for somebody to read: messages and plans that are ready. Nothing is changed by looking."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.errors import NotFound
from gitorch.model.ids import Digest, MessageId
from gitorch.model.message import COORDINATOR, ORCHESTRATOR, PRINCIPAL, Message
from gitorch.model.run import OVER
from gitorch.model.values import Value, replace
from gitorch.rules.views.inbox import message_rows
from gitorch.rules.views.mail import is_person, unread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.app.services import Services
    from gitorch.model.board import Board
    from gitorch.model.ids import RunId
    from gitorch.model.view import MessageRow


class Held(Value):
    """A message with the run that it belongs to, if any."""

    run: RunId | None
    message: Message


def person_named(services: Services, said: str | None) -> str:
    """The name that a human reads under: the principal's, or one that was said. Raises NotFound for a name that nobody has."""
    if said is None:
        return PRINCIPAL
    name = alias(services, said if is_person(said) else f"@{said}")
    if name not in {PRINCIPAL, *known_people(services)}:
        there = ", ".join((PRINCIPAL, COORDINATOR, *known_people(services)))
        message = f"no person is called {name}; there are {there}"
        raise NotFound(message, "gitorch inbox")
    return name


def alias(services: Services, name: str) -> str:
    """Whom a name stands for: the coordinator is somebody by name, or the principal."""
    if name != COORDINATOR:
        return name
    return f"@{services.config.coordinator}" if services.config.coordinator else PRINCIPAL


def known_people(services: Services) -> tuple[str, ...]:
    """Names of people beside the usual ones: the configured coordinator, and whoever was written to by gitorch."""
    configured = (f"@{services.config.coordinator}",) if services.config.coordinator else ()
    held = services.ledger.state(None).board.messages.values()
    met = (name for m in held for name in (m.sender, *m.to) if is_person(name))
    return tuple(n for n in dict.fromkeys((*configured, *met)) if n not in {PRINCIPAL, ORCHESTRATOR, COORDINATOR})


def waiting(services: Services, name: str, within: RunId | None) -> tuple[Held, ...]:
    """What somebody has still to read, oldest first. A plan that is ready is for the principal to start."""
    if not services.ledger.exists():
        return ()
    if within is not None:
        run = services.ledger.state(within).run
        return () if run is None else tuple(Held(run.id, m) for m in unread(run.messages, name))
    board = services.ledger.state(None).board
    names = (name, ORCHESTRATOR) if name == PRINCIPAL else (name,)
    found = [Held(None, m) for one in names for m in unread(board.messages, one)]
    for line in board.runs.values():
        run = services.ledger.state(line.id).run if line.unread else None
        if run is not None:
            found += [Held(run.id, m) for one in names for m in unread(run.messages, one)]
    left = [h for h in found if not (h.message.announces_plan and _taken_up(board, h.message))]
    return tuple(sorted(left, key=lambda held: int(held.message.id[1:])))


def _taken_up(board: Board, message: Message) -> bool:
    return any(
        line.plan_digest == message.plan_digest and line.prepared_at >= message.at for line in board.runs.values()
    )


def find_message(services: Services, within: RunId | None, said: str) -> Held:
    """A message by its id, wherever it is kept; what nobody has to read any more is found in the ledger."""
    ledger_there(services)
    number = MessageId(said)
    board = services.ledger.state(None).board
    if number in board.messages:
        return Held(None, board.messages[number])
    own = [within] if within is not None else [r.id for r in board.runs.values() if r.unread or r.phase not in OVER]
    for run in own:
        state = services.ledger.state(run).run
        if state is not None and number in state.messages:
            return Held(run, state.messages[number])
    if number[:1] == "m" and number[1:].isdigit() and 0 < int(number[1:]) <= board.sent:
        return _from_records(services, number)
    message = f"there is no message {said}"
    raise NotFound(message, "gitorch inbox")


def _from_records(services: Services, number: MessageId) -> Held:
    from gitorch.model.events import MessageSent  # noqa: PLC0415  # 10 ms that an unread message does not cost

    for written in services.ledger.records():
        record, event = written.record, written.record.event
        if isinstance(event, MessageSent) and event.message == number:
            whole = Message(
                event.message, event.sender, event.to, record.at, event.text, event.thread, event.answers, event.plan
            )
            return Held(record.run, whole)
    message = f"there is no message {number}"
    raise NotFound(message, "gitorch inbox")


def whole(services: Services, held: Held) -> Held:
    """The message with its whole text: of what everybody has read, only the first line is at hand."""
    return _from_records(services, held.message.id) if held.message.read_by else held


def rows(services: Services, held: Iterable[Held]) -> tuple[MessageRow, ...]:
    """Messages as people look at them; of a plan, whether it is still what it was."""
    return tuple(
        replace(row, text=f"{row.text} {_since(services, one.message)}".strip()) if row.plan else row
        for one in held
        for row in message_rows((one.message,), one.run)
    )


def _since(services: Services, message: Message) -> str:
    data = services.files.read(services.root / message.plan)
    if data is None:
        return "(the file is gone)"
    return "" if digest_of(data) == message.plan_digest else "(the file has changed since)"


def digest_of(data: bytes) -> Digest:
    """How the ledger names what a plan held."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def ledger_there(services: Services) -> None:
    """Raises NotFound where gitorch was never set up."""
    if not services.ledger.exists():
        message = "this repository has no gitorch ledger"
        raise NotFound(message, "gitorch init")
