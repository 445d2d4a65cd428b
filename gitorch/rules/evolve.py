"""`evolve(state, record)`: the state after a record. Raises Corrupt for a record that cannot have happened.

One table leads from each type of event to its function and to the actors who may write it. State is the fold of all records
and nothing else; nothing here looks at a clock, a file or a terminal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.plans.workflow import REVIEWING, UNCLAIMED
from gitorch.model.record import ActorKind
from gitorch.model.values import replace
from gitorch.model.work.board import Board, RunLine, State
from gitorch.model.work.question import QuestionKind
from gitorch.model.work.run import Run, RunPhase
from gitorch.rules.evolving import (
    BY_HOST,
    BY_PRINCIPAL,
    artifacts,
    claims,
    ensure_writer,
    faults,
    merges,
    messages,
    questions,
    readying,
    rounds,
    runs,
    sessions,
    tracker,
    usage,
    work,
)
from gitorch.rules.messages.mail import unread_by_people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import JobId, RunId
    from gitorch.model.record import Record
    from gitorch.model.work.question import Question
    from gitorch.rules.evolving import Evolutions

RUN_EVENTS: Evolutions = {
    **runs.EVENTS,
    **sessions.EVENTS,
    **usage.EVENTS,
    **claims.EVENTS,
    **work.EVENTS,
    **rounds.EVENTS,
    **artifacts.EVENTS,
    **questions.EVENTS,
    **merges.EVENTS,
    **messages.EVENTS,
    **tracker.EVENTS,
    **faults.EVENTS,
    **readying.EVENTS,
}

BOARD_EVENTS = frozenset(
    {
        events.LedgerCreated,
        events.TargetConfirmed,
        events.HostAdded,
        events.HostRemoved,
        events.HostLabeled,
        events.PlanRejected,
        events.ActionRefused,
        events.MessageSent,
        events.MessagesRead,
    }
)
"""Events that may belong to no run."""

PHASE_AFTER: Mapping[type, RunPhase] = {
    events.RunConfirmed: RunPhase.READY,
    events.RunStarted: RunPhase.RUNNING,
    events.RunPaused: RunPhase.PAUSED,
    events.RunResumed: RunPhase.RUNNING,
    events.RunCanceled: RunPhase.CANCELED,
    events.RunFailed: RunPhase.FAILED,
    events.RunCompleted: RunPhase.COMPLETED,
}
"""By which the board follows the phase of a run without the run's state."""


def evolve(state: State, record: Record) -> State:
    """The state after one record. `state.run` is the run that the record is about."""
    board = evolve_board(state.board, record)
    if record.run is None:
        return State(board, state.run)

    run = evolve_run(state.run, record)
    return State(_with_line_of(board, run), run)


def _with_line_of(board: Board, run: Run) -> Board:
    """The board with the line of a run brought up to date; the same board when nothing in the line changed."""
    line = board.runs[run.id]
    asked = run.open_questions()
    cleanup = _cleanup_question(asked)
    cleanup_id, cleanup_asked_at = None, None
    if cleanup is not None:
        cleanup_id, cleanup_asked_at = cleanup.id, cleanup.asked_at

    after = replace(
        line,
        asked=len(asked),
        unread=len(unread_by_people(run.messages.values())),
        settled=run.is_settled,
        cleanup=cleanup_id,
        cleanup_asked_at=cleanup_asked_at,
    )
    if after == line:
        return board

    return replace(board, runs={**board.runs, run.id: after})


def _cleanup_question(asked: tuple[Question, ...]) -> Question | None:
    """The cleanup question among these; None without one."""
    for question in asked:
        if question.kind is QuestionKind.CLEANUP:
            return question

    return None


def evolve_run(run: Run | None, record: Record) -> Run:
    """The run after one record of it.

    A run begins with `RunPrepared`, and no other way. Raises Corrupt for a record that cannot have happened.
    """
    event = record.event
    if isinstance(event, events.RunPrepared):
        after = _prepared(run, record, event)
    else:
        after = _applied(run, record)

    after = _with_work_time(run, after, record)
    return replace(after, records=after.records + 1, changed_at=record.at)


def _with_work_time(before: Run | None, after: Run, record: Record) -> Run:
    """The run with the time of a lease that the record ended."""
    name: JobId | None = getattr(record.event, "job", None)
    if before is None or name is None or name not in before.jobs:
        return after

    lease = before.jobs[name].lease
    job = after.jobs[name]
    if lease is None or job.is_leased_to(lease.session):
        return after

    held_ms = max(0, record.at - lease.granted_at)
    worked = replace(job, worked_ms=job.worked_ms + held_ms)
    return replace(after, jobs={**after.jobs, name: worked})


def _prepared(run: Run | None, record: Record, event: events.RunPrepared) -> Run:
    """The run after its first record. Raises Corrupt for a run that exists, and for a writer other than the principal."""
    if run is not None or record.run is None:
        message = f"run {record.run} was prepared twice"
        raise Corrupt(message)

    ensure_writer(record, BY_PRINCIPAL)
    return runs.prepared(record.run, record, event)


def _applied(run: Run | None, record: Record) -> Run:
    """The run after any later event. Raises Corrupt for an unprepared run, a writer without the right, and unknown names."""
    evolution = RUN_EVENTS.get(type(record.event))
    if run is None or evolution is None:
        message = f"record {record.seq} is of run {record.run}, which was never prepared"
        raise Corrupt(message)

    ensure_writer(record, evolution.writers)
    try:
        return evolution.apply(run, record, record.event)
    except KeyError as error:
        message = f"record {record.seq} names {error}, which run {run.id} does not have"
        raise Corrupt(message) from None


def evolve_board(board: Board, record: Record) -> Board:
    """The board after one record: runs and their phases, confirmed targets, messages, the ledger's name."""
    if record.run is None:
        return _without_run(board, record)

    event = record.event
    if isinstance(event, events.MessageSent):
        return messages.counted(board, record, event)

    if isinstance(event, events.RunPrepared):
        board = messages.plan_taken_up(board, event)
        return replace(board, runs={**board.runs, record.run: _line(record.run, record, event)})

    phase = PHASE_AFTER.get(type(event))
    if phase is not None:
        return _with_line(board, record, record.run, phase=phase)

    if isinstance(event, events.CleanupDone):
        return _with_line(board, record, record.run, cleaned=True)

    return board


def _without_run(board: Board, record: Record) -> Board:
    """The board after a record of no run. Raises Corrupt for an event that belongs to a run."""
    event = record.event
    if type(event) not in BOARD_EVENTS:
        message = f"record {record.seq} ({type(event).__name__}) belongs to a run but names none"
        raise Corrupt(message)

    if isinstance(event, events.LedgerCreated):
        if board.ledger:
            message = "the ledger was created twice"
            raise Corrupt(message)

        return replace(board, ledger=event.ledger)

    if isinstance(event, events.TargetConfirmed):
        ensure_writer(record, BY_PRINCIPAL)
        return replace(board, targets=(*board.targets, event.target))

    if isinstance(event, events.HostAdded | events.HostRemoved):
        ensure_writer(record, BY_PRINCIPAL)
        return _with_hosts(board, record, event)

    if isinstance(event, events.HostLabeled):
        ensure_writer(record, BY_HOST)
        return replace(board, labels={**board.labels, record.actor.host: event.labels})

    if isinstance(event, events.ActionRefused):
        return _with_refusal(board, record)

    if isinstance(event, events.MessageSent):
        return messages.counted(board, record, event)

    if isinstance(event, events.MessagesRead):
        return messages.read_on_board(board, event)

    return board


def _with_hosts(board: Board, record: Record, event: events.HostAdded | events.HostRemoved) -> Board:
    """The board with a host added or removed.

    Raises Corrupt where a host removes itself, since nobody would have signed that record, and where a host that is not known
    adds or removes one. Only the first host adds itself.
    """
    writer, hosts = record.actor.host, dict(board.hosts)
    may_write = hosts or {event.host: ""}
    if writer not in may_write:
        message = f"host {writer} is unknown, and changed what is known of host {event.host}"
        raise Corrupt(message)

    if isinstance(event, events.HostAdded):
        hosts[event.host] = event.key
        return replace(board, hosts=hosts)

    if event.host == writer:
        message = f"host {event.host} removed itself"
        raise Corrupt(message)

    hosts.pop(event.host, None)
    return replace(board, hosts=hosts)


def _with_refusal(board: Board, record: Record) -> Board:
    """The board after a refused attempt in no run; those of agents are counted, so that they do not fill the ledger."""
    if record.actor.kind is not ActorKind.AGENT:
        return board
    return replace(board, strangers=board.strangers + 1, stranger_at=record.at)


def _with_line(board: Board, record: Record, run: RunId, **changes: object) -> Board:
    """The board with these fields of a run's line changed."""
    line = board.runs.get(run)
    if line is None:
        message = f"record {record.seq} is of run {run}, which was never prepared"
        raise Corrupt(message)

    return replace(board, runs={**board.runs, run: replace(line, **changes)})


def _line(run: RunId, record: Record, event: events.RunPrepared) -> RunLine:
    """The line of a run that was just prepared; its epics are the jobs that agents write."""
    specs = event.workflow.jobs.values()
    return RunLine(
        id=run,
        title=event.title,
        phase=RunPhase.PREPARED,
        target=event.target,
        plan_digest=event.plan_digest,
        epics=tuple(spec.id for spec in specs if spec.kind not in REVIEWING | UNCLAIMED),
        prepared_at=record.at,
        cleaned=False,
        month=month_of(record.at),
        destination=event.workflow.destination(event.target),
    )


def month_of(at: int) -> str:
    """The month of a moment in UTC as `yyyy-mm`, which names the folder of a run's records."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m")
