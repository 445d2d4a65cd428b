"""`evolve(state, record)`: what is true after a record. Raises Corrupt where the record cannot have happened.

One table leads from each type of event to the function that knows it. State is the fold of all records and
nothing else; nothing here looks at a clock, a file or a terminal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.board import Board, RunLine, State
from gitorch.model.question import QuestionKind
from gitorch.model.run import Run, RunPhase
from gitorch.model.values import replace
from gitorch.model.workflow import REVIEWING, UNCLAIMED
from gitorch.rules.evolving import artifacts, claims, merges, messages, questions, runs, sessions, tracker, work
from gitorch.rules.views.mail import unread_by_people

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.record import Record

RUN_EVENTS: Mapping[type, Callable[[Run, Record, Any], Run]] = {
    events.RunConfirmed: runs.confirmed,
    events.RunStarted: runs.started,
    events.RunPaused: runs.paused,
    events.RunResumed: runs.resumed,
    events.RunCanceled: runs.canceled,
    events.RunFailed: runs.failed,
    events.RunCompleted: runs.completed,
    events.LeaseGranted: sessions.granted,
    events.JobClaimed: claims.claimed,
    events.ArtifactPublished: artifacts.published,
    events.DecisionMade: artifacts.decided,
    events.BlockerSorted: artifacts.blocker_sorted,
    events.LateHandoffKept: claims.kept,
    events.LateHandoffAdopted: claims.adopted,
    events.JobRequeued: claims.requeued,
    events.JobCanceled: claims.canceled,
    events.LeaseRenewed: sessions.renewed,
    events.LeaseEnded: sessions.lease_ended,
    events.SessionAlive: sessions.alive,
    events.SessionEnded: sessions.ended,
    events.PromptDelivered: sessions.delivered,
    events.SessionNudged: sessions.nudged,
    events.PermissionAnswered: sessions.permission_answered,
    events.OutboxEntryAccepted: sessions.outbox_entry_accepted,
    events.BaseBuilt: sessions.base_built,
    events.HandoffSubmitted: work.handoff_submitted,
    events.CheckRecorded: work.checked,
    events.VerdictGiven: work.verdict_given,
    events.FindingsListed: work.findings_listed,
    events.GatePassed: work.gate_passed,
    events.WorkVoided: work.voided,
    events.JobFailed: work.failed,
    events.JobReopened: work.reopened,
    events.OverlapNoted: work.overlap_noted,
    events.ActionRefused: work.refused,
    events.MessageSent: messages.sent,
    events.MessagesRead: messages.read,
    events.ClosedEarly: tracker.closed_early,
    events.ClosingFailed: tracker.closing_failed,
    events.IssuesClosed: tracker.issues_closed,
    events.QuestionAsked: questions.asked,
    events.Escalated: questions.escalated,
    events.QuestionAnswered: questions.answered,
    events.QuestionReminded: questions.reminded,
    events.ReportIssued: merges.report_issued,
    events.EpicReported: merges.epic_reported,
    events.ReportVoided: merges.report_voided,
    events.MergeApproved: merges.approved,
    events.MergeRejected: merges.rejected,
    events.Merged: merges.merged,
    events.Pushed: merges.pushed,
    events.MergeTakenBack: merges.taken_back,
    events.CleanupDone: merges.cleaned,
}

PHASE_AFTER: Mapping[type, RunPhase] = {
    events.RunConfirmed: RunPhase.READY,
    events.RunStarted: RunPhase.RUNNING,
    events.RunPaused: RunPhase.PAUSED,
    events.RunResumed: RunPhase.RUNNING,
    events.RunCanceled: RunPhase.CANCELED,
    events.RunFailed: RunPhase.FAILED,
    events.RunCompleted: RunPhase.COMPLETED,
}
"""What the board needs to follow a run without its state."""


def evolve(state: State, record: Record) -> State:
    """The state after one record. `state.run` is the run that the record is about."""
    board = evolve_board(state.board, record)
    if record.run is None:
        return State(board, state.run)
    run = evolve_run(state.run, record)
    return State(_noted(board, run), run)


def _noted(board: Board, run: Run) -> Board:
    """The board with what is worth knowing of a run without looking into it."""
    line = board.runs[run.id]
    asked = run.open_questions()
    cleanup = next((q for q in asked if q.kind is QuestionKind.CLEANUP), None)
    after = replace(
        line,
        asked=len(asked),
        unread=len(unread_by_people(run.messages.values())),
        settled=run.is_settled,
        cleanup=None if cleanup is None else cleanup.id,
        cleanup_asked_at=None if cleanup is None else cleanup.asked_at,
    )
    return board if after == line else replace(board, runs={**board.runs, run.id: after})


def evolve_run(run: Run | None, record: Record) -> Run:
    """The run after one record of it; a run begins by being prepared, and no other way."""
    event = record.event
    if isinstance(event, events.RunPrepared):
        if run is not None:
            message = f"run {record.run} was prepared twice"
            raise Corrupt(message)
        after = runs.prepared(record, event)
    else:
        after = _applied(run, record)
    return replace(after, records=after.records + 1, changed_at=record.at)


def _applied(run: Run | None, record: Record) -> Run:
    apply = RUN_EVENTS.get(type(record.event))
    if run is None or apply is None:
        message = f"record {record.seq} is of run {record.run}, which was never prepared"
        raise Corrupt(message)
    try:
        return apply(run, record, record.event)
    except KeyError as missing:
        message = f"record {record.seq} names {missing}, which run {run.id} does not have"
        raise Corrupt(message) from None


def evolve_board(board: Board, record: Record) -> Board:
    """The board after one record: runs and their phases, confirmed targets, the ledger's name."""
    event = record.event
    if isinstance(event, events.LedgerCreated):
        if board.ledger:
            message = "the ledger was created twice"
            raise Corrupt(message)
        return replace(board, ledger=event.ledger)
    if isinstance(event, events.TargetConfirmed):
        return replace(board, targets=(*board.targets, event.target))
    if isinstance(event, events.MessageSent):
        return messages.counted(board, record, event)
    if record.run is None:
        return messages.read_on_board(board, event) if isinstance(event, events.MessagesRead) else board
    if isinstance(event, events.RunPrepared):
        board = messages.plan_taken_up(board, event)
        return replace(board, runs={**board.runs, record.run: _line(record, event)})
    return _followed(board, record)


def _followed(board: Board, record: Record) -> Board:
    phase = PHASE_AFTER.get(type(record.event))
    cleaned = isinstance(record.event, events.CleanupDone)
    if record.run is None or (phase is None and not cleaned):
        return board
    line = board.runs.get(record.run)
    if line is None:
        message = f"record {record.seq} is of run {record.run}, which was never prepared"
        raise Corrupt(message)
    line = replace(line, cleaned=True) if phase is None else replace(line, phase=phase)
    return replace(board, runs={**board.runs, record.run: line})


def _line(record: Record, event: events.RunPrepared) -> RunLine:
    specs = event.workflow.jobs.values()
    if record.run is None:
        message = "a run was prepared without an id"
        raise Corrupt(message)
    return RunLine(
        id=record.run,
        title=event.title,
        phase=RunPhase.PREPARED,
        target=event.target,
        plan_digest=event.plan_digest,
        epics=tuple(s.id for s in specs if s.kind not in REVIEWING | UNCLAIMED),
        prepared_at=record.at,
        cleaned=False,
        month=month_of(record.at),
    )


def month_of(at: int) -> str:
    """`yyyy-mm` in UTC of a moment: the folder that a run's records lie in."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m")
