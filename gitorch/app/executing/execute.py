"""Executing commands: read, decide, append. Every verb and every tick goes through here, and so does every refusal."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from gitorch.app.executing.merge_turn import decision_turn
from gitorch.app.executing.redaction import recordable, storable
from gitorch.errors import Busy, Denied, Refused, Unavailable
from gitorch.model.commands import Order, RecordRefusal
from gitorch.model.path_text import without_surrogates
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import Value
from gitorch.ports.commits import Draft
from gitorch.rules.decide import decide_all, decided_all
from gitorch.rules.guards.capabilities import ensure_may

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitorch.app.services import Services
    from gitorch.model.commands import Command
    from gitorch.model.events import Event
    from gitorch.model.ids import JobId, Moment, RunId
    from gitorch.model.work.board import State
    from gitorch.ports.commits import WrittenRecord

    Attached = Mapping[type, Mapping[str, bytes]] | Callable[[Event], Mapping[str, bytes]]


def execute(
    services: Services,
    run: RunId | None,
    actor: Actor,
    command: Command | tuple[Command, ...],
    attach: Attached | None = None,
) -> tuple[State, tuple[WrittenRecord, ...]]:
    """Decide on the newest state and append the events; of several commands all or none. Errors of the rules pass through.

    Gives the state after the events, and the records that were written: none where the rules found nothing to record.
    `attach` gives the files of each record: for the first event of each type, or by a function of the event.
    A state that another process changes meanwhile is read and decided upon again.

    Raises Refused where text or files of a person or an agent seem to hold a secret.
    Raises Busy where the ledger stays locked, Corrupt where it does not hold.
    """
    at = services.clock.now()
    orders = _orders(actor, at, command, attach)

    def drafts(state: State) -> tuple[Draft, ...]:
        return _drafts(decide_all(state, orders), attach)

    return services.ledger.append(run, storable(actor), at, drafts)


class Recording(NamedTuple):
    """Commands of which all or none count, with the files of their records."""

    commands: tuple[Command, ...]
    attach: Attached


def execute_each(
    services: Services, run: RunId, actor: Actor, recordings: Sequence[Recording]
) -> tuple[State, tuple[WrittenRecord, ...], Mapping[int, Exception]]:
    """Decide each of these on the state that those before it lead to, and append all events at once: with one push.

    What the rules refuse leaves nothing. Gives what `execute` gives, and the error of each other one that could not be
    decided, by its place in `recordings`; neither keeps the rest from being recorded. Raises what the ledger raises.
    """
    at = services.clock.now()
    failed: dict[int, Exception] = {}

    def drafts(state: State) -> tuple[Draft, ...]:
        failed.clear()
        made: list[Draft] = []
        for number, recording in enumerate(recordings):
            try:
                events, after = decided_all(state, _orders(actor, at, recording.commands, recording.attach))
                made += _drafts(events, recording.attach)
                state = after
            except Refused:
                continue
            except Exception as error:  # noqa: BLE001  whatever is raised, the others are recorded
                failed[number] = error
        return tuple(made)

    state, written = services.ledger.append(run, storable(actor), at, drafts)
    return state, written, failed


def _orders(
    actor: Actor, at: Moment, command: Command | tuple[Command, ...], attach: Attached | None
) -> tuple[Order, ...]:
    """Commands as they may be decided. Raises Refused where text or files of a person or an agent seem to hold a secret."""
    files = None if callable(attach) else attach
    orders: list[Order] = []
    for one in _as_tuple(command):
        orders.append(Order(storable(actor), at, recordable(actor, storable(one), files)))
    return tuple(orders)


def _as_tuple(command: Command | tuple[Command, ...]) -> tuple[Command, ...]:
    """One command as a tuple of one; several as they are."""
    if isinstance(command, tuple):
        return command
    return (command,)


def _drafts(events: tuple[Event, ...], attach: Attached | None) -> tuple[Draft, ...]:
    """The events with their files."""
    if callable(attach):
        return tuple(Draft(event, _named(attach(event))) for event in events)
    left = dict(attach or {})
    return tuple(Draft(event, _named(left.pop(type(event), {}))) for event in events)


def _named(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The files under names that a record can hold: a file of a person may have any bytes as its name."""
    return {without_surrogates(name): data for name, data in files.items()}


def execute_verb(
    services: Services,
    run: RunId | None,
    actor: Actor,
    command: Command | tuple[Command, ...],
    verb: str,
    attach: Attached | None = None,
) -> tuple[State, tuple[WrittenRecord, ...]]:
    """Like `execute`, for a verb that somebody typed: a denial is recorded too, and so is a refusal to an agent.

    A refusal to a person is not: they see it where they typed, and it would only fill the ledger.
    `verb` is the name under which the attempt is recorded.
    """
    try:
        with decision_turn(services, run, actor, command):
            return execute(services, run, actor, command, attach)
    except Denied as error:
        record_refusal(services, run, actor, verb, error, _job_of(command))
        raise
    except Refused as error:
        if actor.kind is ActorKind.AGENT:
            record_refusal(services, run, actor, verb, error, _job_of(command))
        raise


def _job_of(command: Command | tuple[Command, ...]) -> JobId | None:
    """The job that the first of these commands with one is about."""
    for one in _as_tuple(command):
        job: JobId | None = getattr(one, "job", None)
        if job is not None:
            return job
    return None


def record_refusal(
    services: Services, run: RunId | None, actor: Actor, verb: str, error: Denied | Refused, job: JobId | None = None
) -> None:
    """Record that somebody tried a verb and was refused; nothing is recorded where there is no ledger.

    A record that cannot be written is let go: the caller raises the refusal itself, which matters more.
    """
    if services.ledger.exists():
        with suppress(Unavailable, Busy, OSError):
            execute(services, run, actor, RecordRefusal(verb, error.code, error.message, job))


class Caller(Value):
    """Who typed a verb."""

    actor: Actor
    run: RunId | None = None
    """The run of an agent's session, where the ledger has it."""
    evidence: str = ""
    """What identified the caller as an agent or an operator; empty for the principal."""

    @property
    def is_agent(self) -> bool:
        """Whether an agent's session calls, or anything else that gitorch started."""
        return self.actor.kind is ActorKind.AGENT


def only_people(services: Services, caller: Caller, verb: str) -> None:
    """Let only a caller with the capability of a verb pass, before anything is looked up or asked.

    Raises Denied for any other, and records the attempt. To an agent the error names the evidence that identified it.
    """
    try:
        ensure_may(caller.actor, verb)
    except Denied as error:
        denied = _with_evidence(caller, verb, error)
        record_refusal(services, caller.run, caller.actor, verb, denied)
        raise denied from None


def _with_evidence(caller: Caller, verb: str, error: Denied) -> Denied:
    """The error for an agent names the evidence that identified it: it may not know that it left a trace."""
    if not caller.is_agent:
        return error

    who = "the caller"
    if caller.actor.session:
        who = f"session {caller.actor.session}"
    message = f"{who} is an agent and may not {verb} ({caller.evidence}); only the principal may"
    return Denied(message, "gitorch send @principal TEXT")
