"""Messages between people and agents: sending, answering, waiting for one, and marking them read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute, execute_verb
from gitorch.app.people.mailbox import (
    Held,
    alias,
    find_message,
    known_people,
    person_named,
    waiting,
)
from gitorch.app.query.lookup import active_runs, find_run, load_runs, only_run, require_ledger, run_lines
from gitorch.errors import NotFound
from gitorch.model import commands
from gitorch.model.ids import Digest, MessageId
from gitorch.model.path_text import shell_word
from gitorch.model.values import Value
from gitorch.model.work.message import EVERYONE, ORCHESTRATOR, PRINCIPAL
from gitorch.rules.messages.mail import is_person, job_named
from gitorch.text.records.digests import digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.model.work.message import Message
    from gitorch.model.work.run import Run

BLINK_SECONDS = 0.1
"""The time between two looks at the ledger's tip while somebody waits."""

PLAN_READY = re.compile(r"\s*plan\s+(?:is\s+)?ready(?:\s+at|\s*:)?\s+(?P<path>\S.*?)\s*", re.IGNORECASE)


class Party(Value):
    """Somebody who writes and reads messages."""

    actor: Actor
    name: str
    """An agent's job, or the name of a person, which begins with `@`."""
    run: RunId | None = None
    """The run of an agent; None for people."""


def person(services: Services, actor: Actor, name: str | None) -> Party:
    """A human under one of the names of people. Raises NotFound for an unknown name."""
    return Party(actor, person_named(services, name))


def send(
    services: Services,
    party: Party,
    to: Iterable[str],
    text: str,
    folder: Path,
    run_name: str | None = None,
) -> tuple[Held, ...]:
    """Send a message to everybody named; an announced plan is recorded with the digest of its file.

    `to` holds jobs of agents and names of people, which begin with `@`. Relative paths start from `folder`.
    Gives the messages as they were recorded, each with its run.

    Raises NotFound for an unknown run or receiver, or an announced plan whose file does not exist.
    Raises Refused for a text that is empty, too long or seems to hold a secret, and for an agent that cannot read it now.
    Raises Denied for an agent that sends in another name than its own, or to all.
    Raises Usage where several runs have the agents.
    """
    names = tuple(alias(services, name) for name in to)
    run = _run_for(services, party, names, run_name)
    path, plan_digest = _announced_plan(services, names, text, folder)
    command = commands.SendMessage(
        to=names,
        text=text,
        sender=party.name,
        plan=path,
        plan_digest=plan_digest,
        known=_known(services, names, party),
    )
    return _sent(services, party, run, command, "send")


def _known(services: Services, names: Iterable[str], party: Party) -> tuple[str, ...]:
    """The names of people, looked up only where a name is unusual: reading the configuration takes a while."""
    usual = {PRINCIPAL, ORCHESTRATOR, EVERYONE}
    for name in (*names, party.name):
        if is_person(name) and name not in usual:
            return known_people(services)

    return ()


def _sent(
    services: Services,
    party: Party,
    run: RunId | None,
    command: commands.Command,
    verb: str,
) -> tuple[Held, ...]:
    """Execute the command and give the messages that it sent, as the state after it holds them."""
    state, written = execute_verb(services, run, party.actor, command, verb)
    messages = state.board.messages if state.run is None else state.run.messages
    sent: list[Held] = []
    for record in written:
        message_id = MessageId(getattr(record.record.event, "message", ""))
        if message_id in messages:
            sent.append(Held(run, messages[message_id]))
    return tuple(sent)


def _run_for(
    services: Services,
    party: Party,
    names: tuple[str, ...],
    run_name: str | None,
) -> RunId | None:
    """The run that a message belongs to: the sender's own, the one that is named, or that of the agents it is for.

    None for a message between people. Raises Usage where several runs have the agents.
    """
    if party.run is not None:
        return party.run

    if run_name is not None:
        return find_run(services, run_name).id

    require_ledger(services)
    agents = [name for name in names if not is_person(name)]
    if agents:
        return _run_with(services, agents)

    if EVERYONE in names:
        return find_run(services, None).id

    return None


def _run_with(services: Services, agents: list[str]) -> RunId | None:
    """The only active run that has all these agents, otherwise the default run; None without any run.

    Raises Usage where several active runs have them all.
    """
    having = _runs_having(services, agents)
    problem = f"several runs have {', '.join(agents)}"
    found = only_run(having, problem, f"gitorch send {agents[0]} TEXT --run")
    if found is not None:
        return found.id

    if not run_lines(services):
        return None

    return find_run(services, None).id


def _runs_having(services: Services, agents: list[str]) -> list[Run]:
    """The active runs that have all these agents."""
    having: list[Run] = []
    for run in load_runs(services, active_runs(services)):
        if all(job_named(run, name) for name in agents):
            having.append(run)
    return having


def _announced_plan(
    services: Services,
    names: tuple[str, ...],
    text: str,
    folder: Path,
) -> tuple[str, Digest | None]:
    """The plan that a message to gitorch announces: its path, from the root where it lies inside, and its digest.

    An empty path where it announces none. Raises NotFound for a file that does not exist.
    """
    if ORCHESTRATOR not in names:
        return "", None

    path = _announced_path(text)
    if not path:
        return "", None

    # Quotes and a full stop around a path belong to the sentence, unless a file is really called so.
    if not (folder / path).is_file():
        path = path.rstrip(".").strip("`'\"").rstrip(".")
    return _plan_at(services, folder, path)


def _plan_at(services: Services, folder: Path, path: str) -> tuple[str, Digest | None]:
    """The path and the digest of a plan below the folder or the root. Raises NotFound."""
    for place in (folder / path, services.root / path):
        if not place.is_file():
            continue

        data = services.files.read(place)
        if data is not None:
            return _from_root(services, place), digest(data)

    raise NotFound(f"there is no file {path}, so no plan is ready there", f"ls {shell_word(folder)}")


def _announced_path(text: str) -> str:
    """The path in the first line of a text that says that a plan is ready; empty for any other text."""
    lines = text.strip().splitlines()
    if not lines:
        return ""

    announced = PLAN_READY.fullmatch(lines[0])
    if announced is None:
        return ""

    return announced["path"]


def _from_root(services: Services, path: Path) -> str:
    """A path from the repository's root where it lies inside, otherwise the absolute one; links are resolved."""
    full, root = path.resolve(), services.root.resolve()
    if full.is_relative_to(root):
        return str(full.relative_to(root))

    return str(full)


def reply(
    services: Services,
    party: Party,
    name: str,
    text: str,
) -> tuple[Held, ...]:
    """Answer the sender of a message in its thread, and mark it read; gives the messages that were sent.

    The sender of an announced plan only marks it read, and nothing is sent.
    Raises NotFound for an unknown message, Refused for a text that seems to hold a secret.
    """
    held = find_message(services, party.run, name)
    message = held.message
    if message.announces_plan and message.sender == party.name:
        mark_read(services, party, (held,), settled=True)
        return ()

    to = _reply_to(message, party)
    command = commands.SendMessage(
        to=to,
        text=text,
        sender=party.name,
        answers=message,
        known=(*known_people(services), *_people_among((party.name, *to))),
    )
    sent = _sent(services, party, held.run, command, "reply")
    mark_read(services, party, (held,), settled=True)
    return sent


def _people_among(names: Iterable[str]) -> tuple[str, ...]:
    """The people among these names, without the principal, whom everybody knows."""
    found = []
    for name in names:
        if is_person(name) and name != PRINCIPAL:
            found.append(name)
    return tuple(found)


def _reply_to(message: Message, party: Party) -> tuple[str, ...]:
    """The sender, or for one's own message its readers; the principal stands in for gitorch, which reads nothing."""
    names = _other_side(message, party)
    readers = tuple(name for name in names if name != ORCHESTRATOR)
    if not readers:
        return (PRINCIPAL,)

    return readers


def _other_side(message: Message, party: Party) -> tuple[str, ...]:
    """The sender of a message; its readers where this party sent it."""
    if message.sender == party.name:
        return message.to

    return (message.sender,)


def wait_for(services: Services, party: Party, until: Moment | None) -> tuple[Held, ...]:
    """Wait until somebody has a message to read, and give all that are unread, oldest first.

    Empty where the moment `until` passes before; None waits for ever. Nothing is marked read.
    Announced plans do not count: they stay unread until they are started, so waiting would always end at once.
    Raises NotFound without a ledger.
    """
    require_ledger(services)
    while True:
        before = services.ledger.tip()
        unread = waiting(services, party.name, party.run)
        found = tuple(held for held in unread if not held.message.announces_plan)
        if found:
            return found

        if not _wait_for_record(services, before, until):
            return ()


def _wait_for_record(services: Services, before: object, until: Moment | None) -> bool:
    """Wait until the ledger's tip is another than `before`; false where the moment `until` passes first."""
    while services.ledger.tip() == before:
        if until is not None and services.clock.now() >= until:
            return False

        services.clock.sleep(BLINK_SECONDS)
    return True


def mark_read(
    services: Services,
    party: Party,
    held: Iterable[Held],
    *,
    settled: bool = False,
) -> None:
    """Record that messages were shown to their reader: one record for each run, none for those that were read before.

    An announced plan stays unread until it is started, or until a reply has `settled` it.
    """
    by_reader: dict[tuple[RunId | None, str], list[MessageId]] = {}
    for one in held:
        reader = _reader_of(one.message, party, settled=settled)
        if reader:
            by_reader.setdefault((one.run, reader), []).append(one.message.id)
    for (run, name), messages in by_reader.items():
        execute(services, run, party.actor, commands.ReadMessages(name, tuple(messages)))


def _reader_of(message: Message, party: Party, *, settled: bool) -> str:
    """Who has read a message once it was shown to this party; empty for nobody.

    An announced plan is addressed to gitorch, and the principal settles it in gitorch's name.
    """
    if party.name in message.to:
        return party.name

    if settled and party.name == PRINCIPAL and message.announces_plan:
        return ORCHESTRATOR

    return ""
