"""Evolution by noun: each module names the events that it applies in its table `EVENTS`. `rules.evolve` joins the tables.

An entry also names who may write the event. An event that follows from others by itself may be written by any actor, since
it carries the name of whoever caused the first one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt
from gitorch.model.record import ActorKind
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.record import Record
    from gitorch.model.work.run import Run

BY_ANYBODY = frozenset(ActorKind)
BY_HOST = frozenset({ActorKind.HOST})
BY_PRINCIPAL = frozenset({ActorKind.PRINCIPAL})
BY_PEOPLE = frozenset({ActorKind.PRINCIPAL, ActorKind.OPERATOR})
BY_ALL_BUT_AGENTS = BY_ANYBODY - {ActorKind.AGENT}
BY_ALL_BUT_HOST = BY_ANYBODY - BY_HOST


class Evolution(Value):
    """How an event changes its run, and who may write it."""

    apply: Callable[[Run, Record, Any], Run]
    writers: frozenset[ActorKind]


if TYPE_CHECKING:
    Evolutions = Mapping[type, Evolution]


def ensure_writer(record: Record, writers: frozenset[ActorKind]) -> None:
    """Raises Corrupt if this kind of actor may never write the event."""
    if record.actor.kind in writers:
        return

    kinds = " or ".join(sorted(writers))
    event = type(record.event).__name__
    message = f"{event} was written by {record.actor.kind} {record.actor.name}; only {kinds} may write it"
    raise Corrupt(message)
