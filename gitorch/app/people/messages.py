"""Messages between people and agents: sent, answered, waited for, and kept as read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.app.execute import carry, carry_asked
from gitorch.app.people.mailbox import (
    Held,
    alias,
    digest_of,
    find_message,
    known_people,
    ledger_there,
    person_named,
    waiting,
)
from gitorch.app.query.lookup import find_run
from gitorch.errors import NotFound, Usage
from gitorch.model import commands
from gitorch.model.ids import Digest, MessageId
from gitorch.model.message import EVERYONE, ORCHESTRATOR, PRINCIPAL
from gitorch.model.run import OVER
from gitorch.model.values import Value
from gitorch.rules.views.mail import is_person, job_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.model.run import Run

BLINK_SECONDS = 0.1
"""How often the ledger's tip is looked at by somebody who waits."""

PLAN_READY = re.compile(r"\s*plan\s+(?:is\s+)?ready(?:\s+at|\s*:)?\s+(?P<path>\S.*?)\s*", re.IGNORECASE)


class Party(Value):
    """Somebody who writes and reads: an agent by its job, within its run, or a person by a name that begins with `@`."""

    actor: Actor
    name: str
    run: RunId | None = None


def person(services: Services, actor: Actor, said: str | None) -> Party:
    """A human as one of the names of people. Raises NotFound for a name that nobody has."""
    return Party(actor, person_named(services, said))


def send(
    services: Services, party: Party, to: Iterable[str], text: str, folder: Path, said_run: str | None = None
) -> tuple[Held, ...]:
    """Tell everybody named; a plan that is ready is recorded with the digest of its file. Raises NotFound, Refused, Denied."""
    names = tuple(alias(services, name) for name in to)
    run = _run_for(services, party, names, said_run)
    path, digest = _plan(services, names, text, folder)
    command = commands.SendMessage(
        to=names, text=text, sender=party.name, plan=path, plan_digest=digest, known=_known(services, names, party)
    )
    return _carried(services, party, run, command, "send")


def _known(services: Services, names: Iterable[str], party: Party) -> tuple[str, ...]:
    """Looked up only where a name is not one of the usual: the configuration takes a while to read."""
    usual = {PRINCIPAL, ORCHESTRATOR, EVERYONE}
    unusual = any(is_person(name) and name not in usual for name in (*names, party.name))
    return known_people(services) if unusual else ()


def _carried(
    services: Services, party: Party, run: RunId | None, command: commands.Command, verb: str
) -> tuple[Held, ...]:
    state, written = carry_asked(services, run, party.actor, command, verb)
    held = state.board.messages if state.run is None else state.run.messages
    sent = (MessageId(getattr(w.record.event, "message", "")) for w in written)
    return tuple(Held(run, held[name]) for name in sent if name in held)


def _run_for(services: Services, party: Party, names: tuple[str, ...], said: str | None) -> RunId | None:
    """The run that a message belongs to: the agents' own, or that of the agents it is for; none between people."""
    if party.run is not None:
        return party.run
    if said is not None:
        return find_run(services, said).id
    agents = [name for name in names if not is_person(name)]
    if not agents and EVERYONE not in names:
        ledger_there(services)
        return None
    if not agents:
        return find_run(services, None).id
    having = [run.id for run in _open(services) if all(job_named(run, name) for name in agents)]
    if len(having) > 1:
        message = f"several runs have {', '.join(agents)}: {', '.join(having)}"
        raise Usage(message, f"gitorch send {agents[0]} TEXT --run {having[0]}")
    if having:
        return having[0]
    return find_run(services, None).id if services.ledger.state(None).board.runs else None


def _open(services: Services) -> Iterator[Run]:
    ledger_there(services)
    lines = services.ledger.state(None).board.runs.values()
    loaded = (services.ledger.state(line.id).run for line in lines if line.phase not in OVER)
    return (run for run in loaded if run is not None)


def _plan(services: Services, names: tuple[str, ...], text: str, folder: Path) -> tuple[str, Digest | None]:
    """The plan that a message to gitorch says is ready, as people know its path, with the digest of what it holds now."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    said = PLAN_READY.fullmatch(first)
    if ORCHESTRATOR not in names or said is None:
        return "", None
    path = said["path"].strip("`'\"").rstrip(".") if not (folder / said["path"]).is_file() else said["path"]
    full = next((at for at in (folder / path, services.root / path) if at.is_file()), None)
    data = services.files.read(full) if full is not None else None
    if full is None or data is None:
        message = f"there is no file {path}, so no plan is ready there"
        raise NotFound(message, f"ls {folder}")
    shown = full.resolve()
    within = shown.is_relative_to(services.root.resolve())
    where = str(shown.relative_to(services.root.resolve())) if within else str(shown)
    return where, digest_of(data)


def reply(services: Services, party: Party, said: str, text: str) -> tuple[Held, ...]:
    """Answer a message to whoever sent it, in its thread; it counts as read. A plan of one's own is only put aside."""
    held = find_message(services, party.run, said)
    message = held.message
    if message.announces_plan and message.sender == party.name:
        mark_read(services, party, (held,), settled=True)
        return ()
    to = message.to if message.sender == party.name else (message.sender,)
    to = tuple(name for name in to if name != ORCHESTRATOR) or (PRINCIPAL,)
    known = (*known_people(services), *(n for n in (party.name, *to) if is_person(n) and n != PRINCIPAL))
    command = commands.SendMessage(to=to, text=text, sender=party.name, answers=message, known=known)
    sent = _carried(services, party, held.run, command, "reply")
    mark_read(services, party, (held,), settled=True)
    return sent


def wait_for(services: Services, party: Party, until: Moment | None) -> tuple[Held, ...]:
    """What somebody has to read as soon as there is something; empty when that moment has passed before.

    Plans are left out: they stay until they are started, so that nobody would ever wait.
    """
    ledger_there(services)
    while True:
        before = services.ledger.tip()
        found = tuple(held for held in waiting(services, party.name, party.run) if not held.message.announces_plan)
        if found:
            return found
        while services.ledger.tip() == before:
            if until is not None and services.clock.now() >= until:
                return ()
            services.clock.sleep(BLINK_SECONDS)


def mark_read(services: Services, party: Party, held: Iterable[Held], *, settled: bool = False) -> None:
    """Keep that these were shown whole to their reader: one record for each run, none for what was read before.

    A plan that is ready stays until it is started, or `settled` by a reply.
    """
    by_reader: dict[tuple[RunId | None, str], list[MessageId]] = {}
    for one in held:
        if party.name in one.message.to:
            by_reader.setdefault((one.run, party.name), []).append(one.message.id)
        elif settled and party.name == PRINCIPAL and one.message.announces_plan:
            by_reader.setdefault((one.run, ORCHESTRATOR), []).append(one.message.id)
    for (run, name), messages in by_reader.items():
        carry(services, run, party.actor, commands.ReadMessages(name, tuple(messages)))
