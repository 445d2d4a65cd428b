"""Messages in the ledger, announced plans among them: who has to read which. Nothing is changed by reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gitorch.app.query.lookup import load_runs, require_ledger
from gitorch.errors import NotFound
from gitorch.model.ids import MessageId
from gitorch.model.values import Value, replace
from gitorch.model.work.message import COORDINATOR, ORCHESTRATOR, PRINCIPAL, Message
from gitorch.rules.messages.mail import is_person, message_of, unread
from gitorch.rules.views.inbox import message_rows
from gitorch.text.records.digests import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.app.services import Services
    from gitorch.model.events import MessageSent
    from gitorch.model.ids import RunId
    from gitorch.model.view import MessageRow
    from gitorch.model.work.board import Board
    from gitorch.model.work.run import Run


class Held(Value):
    """A message and where it is kept."""

    run: RunId | None
    """The run that it belongs to; None for a message between people."""
    message: Message


def person_named(services: Services, name: str | None) -> str:
    """The name that a human reads under: the principal's without a name, otherwise the one that is given.

    A name is accepted with or without its `@`, and `coordinator` stands for the configured person.
    Raises NotFound for a name that nobody has used and the configuration does not give.
    """
    if name is None:
        return PRINCIPAL

    person = _full_name(services, name)
    known = known_people(services)
    if person != PRINCIPAL and person not in known:
        people = ", ".join((PRINCIPAL, COORDINATOR, *known))
        raise NotFound(f"no person is called {person}; there are {people}", "gitorch inbox")

    return person


def _full_name(services: Services, name: str) -> str:
    """The name of a person as messages hold it, without an alias."""
    full_name = name
    if not is_person(name):
        full_name = f"@{name}"
    return alias(services, full_name)


def alias(services: Services, name: str) -> str:
    """Whom a name stands for: `@coordinator` is the configured person, otherwise the principal.

    Every other name stands for itself.
    """
    if name != COORDINATOR:
        return name

    if services.config.coordinator:
        return f"@{services.config.coordinator}"

    return PRINCIPAL


def known_people(services: Services) -> tuple[str, ...]:
    """Names of people besides the usual ones: the configured coordinator, and everybody in a message between people.

    Each name begins with `@` and comes once, the coordinator first and the others as they first appear.
    """
    names: dict[str, None] = {}
    if services.config.coordinator:
        names[f"@{services.config.coordinator}"] = None
    for name in _names_in_messages(services):
        names[name] = None

    usual = {PRINCIPAL, ORCHESTRATOR, COORDINATOR}
    return tuple(name for name in names if name not in usual)


def _names_in_messages(services: Services) -> Iterator[str]:
    """Every sender and reader of a message between people; a name comes as often as it is used."""
    for message in services.ledger.state(None).board.messages.values():
        for name in (message.sender, *message.to):
            if is_person(name):
                yield name


def waiting(services: Services, name: str, within: RunId | None) -> tuple[Held, ...]:
    """The messages that somebody has not read, oldest first; those of one run, or of all where `within` is None.

    `name` is an agent's job, or a person with `@`. Empty without a ledger and for an unknown run.
    A plan that is ready waits for the principal, until a run is prepared from it.
    """
    if not services.ledger.exists():
        return ()

    if within is not None:
        return _waiting_in(services, name, within)

    board = services.ledger.state(None).board
    readers = _read_names(name)

    found = _unread_anywhere(services, board, readers)
    return tuple(sorted(found, key=lambda held: int(held.message.id[1:])))


def _read_names(name: str) -> list[str]:
    """The names whose messages this person reads."""
    readers = [name]
    if name == PRINCIPAL:
        readers.append(ORCHESTRATOR)
    return readers


def _unread_anywhere(services: Services, board: Board, readers: list[str]) -> list[Held]:
    """The unread messages of these readers, between people and in every run."""
    found = _unread_between_people(board, readers)
    for run in load_runs(services, [line.id for line in board.runs.values() if line.unread]):
        found.extend(_unread_in(run, readers))
    return found


def _waiting_in(services: Services, name: str, run_id: RunId) -> tuple[Held, ...]:
    """The messages of one run that somebody has not read; none for a run that the ledger does not have."""
    run = services.ledger.state(run_id).run
    if run is None:
        return ()

    return _unread_in(run, [name])


def _unread_between_people(board: Board, readers: list[str]) -> list[Held]:
    """Unread messages of no run; a plan that became a run is not among them, since it has left the board."""
    found: list[Held] = []
    for reader in readers:
        for message in unread(board.messages, reader):
            found.append(Held(None, message))
    return found


def _unread_in(run: Run, names: list[str]) -> tuple[Held, ...]:
    """Unread messages of one run for any of these readers, in the order of the readers."""
    found: list[Held] = []
    for name in names:
        for message in unread(run.messages, name):
            found.append(Held(run.id, message))
    return tuple(found)


def find_message(services: Services, within: RunId | None, name: str) -> Held:
    """A message by its id, wherever it is kept; `within` limits the search to one run and to messages between people.

    State keeps a message while somebody has to read it; an older one is found in the ledger's records.
    Raises NotFound for an id that no message has, and without a ledger.
    """
    require_ledger(services)
    message_id = MessageId(name)
    board = services.ledger.state(None).board
    if message_id in board.messages:
        return Held(None, board.messages[message_id])

    runs = _runs_with_messages(board)
    if within is not None:
        runs = [within]
    for run in load_runs(services, runs):
        if message_id in run.messages:
            return Held(run.id, run.messages[message_id])

    if _was_sent(board, name):
        return _from_records(services, message_id)

    raise NotFound(f"there is no message {name}", "gitorch inbox")


def _runs_with_messages(board: Board) -> list[RunId]:
    """The runs whose state can still hold a message: active ones, and those with an unread message."""
    found = []
    for line in board.runs.values():
        if line.unread or not line.phase.is_over:
            found.append(line.id)
    return found


def _was_sent(board: Board, name: str) -> bool:
    """Whether a message with this id was sent: messages are numbered from m1."""
    number = name.removeprefix("m")
    if number == name or not number.isdigit():
        return False

    return 0 < int(number) <= board.sent


def _from_records(services: Services, message_id: MessageId) -> Held:
    """The message with its whole text, from the record by which it was sent. Raises NotFound without such a record."""
    record = services.ledger.message(message_id).record
    event = cast("MessageSent", record.event)  # the port promises the record that sent it
    return Held(record.run, message_of(record, event))


def whole(services: Services, held: Held) -> Held:
    """The message with its whole text: of one that somebody has read, state keeps only the first line."""
    if held.message.read_by:
        return _from_records(services, held.message.id)

    return held


def rows(services: Services, held: Iterable[Held]) -> tuple[MessageRow, ...]:
    """Messages as people read them, in the given order; an announced plan with a note where its file has changed since.

    The files of announced plans are read each time: a note is never older than the call.
    """
    result: list[MessageRow] = []
    for one in held:
        for row in message_rows((one.message,), one.run):
            if row.plan:
                result.append(replace(row, text=f"{row.text} {_changed(services, one.message)}".strip()))
            else:
                result.append(row)
    return tuple(result)


def _changed(services: Services, message: Message) -> str:
    """A note about the file of an announced plan; empty where it is unchanged."""
    data = services.files.read(services.root / message.plan)
    if data is None:
        return "(the file does not exist any more)"

    if digest(data) == message.plan_digest:
        return ""

    return "(the file has changed since)"
