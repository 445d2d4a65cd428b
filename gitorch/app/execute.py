"""Carrying a command to the ledger: read, decide, append. Every verb and every tick goes through here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.redaction import discreet
from gitorch.errors import Denied, Refused
from gitorch.model.commands import Order, RecordRefusal
from gitorch.model.record import ActorKind
from gitorch.ports.ledger import Draft
from gitorch.rules.decide import decide_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.app.services import Services
    from gitorch.model.board import State
    from gitorch.model.commands import Command
    from gitorch.model.events import Event
    from gitorch.model.ids import JobId, RunId
    from gitorch.model.record import Actor
    from gitorch.ports.ledger import WrittenRecord

    Attached = Mapping[type, Mapping[str, bytes]] | Callable[[Event], Mapping[str, bytes]]


def carry(
    services: Services,
    run: RunId | None,
    actor: Actor,
    command: Command | tuple[Command, ...],
    attach: Attached | None = None,
) -> tuple[State, tuple[WrittenRecord, ...]]:
    """Decide on the newest state and append what follows, of several commands all or nothing. What the rules raise passes through.

    Words that seem to hold a secret are refused before.

    `attach` are files, by the type of the first event that they belong to, or told event by event.
    """
    at, files = services.clock.now(), None if callable(attach) else attach
    said = command if isinstance(command, tuple) else (command,)
    orders = [Order(actor, at, discreet(actor, one, files)) for one in said]

    def drafts(state: State) -> tuple[Draft, ...]:
        decided = decide_all(state, orders)
        if callable(attach):
            return tuple(Draft(event, attach(event)) for event in decided)
        left = dict(attach or {})
        return tuple(Draft(event, left.pop(type(event), {})) for event in decided)

    return services.ledger.append(run, actor, at, drafts)


def carry_asked(
    services: Services,
    run: RunId | None,
    actor: Actor,
    command: Command | tuple[Command, ...],
    verb: str,
    attach: Attached | None = None,
) -> tuple[State, tuple[WrittenRecord, ...]]:
    """The same for a verb that somebody typed: what is denied, or refused to an agent, is kept in the ledger too."""
    try:
        return carry(services, run, actor, command, attach)
    except (Denied, Refused) as no:
        if isinstance(no, Denied) or actor.kind is ActorKind.AGENT:
            said = command if isinstance(command, tuple) else (command,)
            about = (getattr(one, "job", None) for one in said)
            keep_refusal(services, run, actor, verb, no, next((job for job in about if job is not None), None))
        raise


def keep_refusal(
    services: Services, run: RunId | None, actor: Actor, verb: str, no: Denied | Refused, job: JobId | None = None
) -> None:
    """Write down that somebody tried; a refusal that cannot be written does not hide the refusal itself."""
    if services.ledger.exists():
        carry(services, run, actor, RecordRefusal(verb, no.code, no.message, job))
