"""`decide(state, order)`: may this happen, and what follows? Answers events, or raises Refused, Denied, NotFound.

One table leads from each command to the function that knows it. Every answer is tried with `evolve` first, so
that nothing is ever written that the ledger's readers would call Corrupt; what follows from an event (a gate
that passes, a list that goes back, a run that is complete) is found by asking the new state until it is quiet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.errors import Corrupt, Refused
from gitorch.model import commands, events
from gitorch.model.ids import NO_DIGEST
from gitorch.model.job import ENDED, JobPhase
from gitorch.model.question import CLEANUP_OPTIONS, CLEANUP_TEXT, QuestionKind
from gitorch.model.record import Record
from gitorch.model.run import OVER, RunPhase
from gitorch.model.session import SessionPhase
from gitorch.model.workflow import UNCLAIMED
from gitorch.rules.deciding import (
    artifacts,
    claims,
    merges,
    messages,
    questions,
    retrying,
    runs,
    sessions,
    tracker,
    work,
)
from gitorch.rules.evolve import evolve
from gitorch.rules.review.gates import next_question, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import RunId
    from gitorch.model.job import JobState
    from gitorch.model.run import Run

DECISIONS: Mapping[type, Callable[[State, Order, Any], tuple[Event, ...]]] = {
    commands.RejectPlan: runs.reject_plan,
    commands.ConfirmTarget: runs.confirm_target,
    commands.PrepareRun: runs.prepare,
    commands.ConfirmRun: runs.confirm,
    commands.StartRun: runs.start,
    commands.PauseRun: runs.pause,
    commands.ResumeRun: runs.resume,
    commands.CancelRun: runs.cancel,
    commands.RecordCleanup: runs.record_cleanup,
    commands.RecordRefusal: runs.record_refusal,
    commands.RetryJob: retrying.retry,
    commands.RestartAgent: retrying.restart,
    commands.StopAgent: retrying.stop,
    commands.SendMessage: messages.send,
    commands.ReadMessages: messages.read,
    commands.GrantLease: sessions.grant,
    commands.RenewLease: sessions.renew,
    commands.MarkAlive: sessions.mark_alive,
    commands.EndSession: sessions.end,
    commands.RecordDelivery: sessions.record_delivery,
    commands.Nudge: sessions.nudge,
    commands.RecordPermission: sessions.record_permission,
    commands.AcceptOutboxEntry: sessions.accept_outbox_entry,
    commands.RecordBase: sessions.record_base,
    commands.SubmitHandoff: work.submit_handoff,
    commands.ClaimJob: claims.claim,
    commands.Heartbeat: claims.heartbeat,
    commands.ReleaseLease: claims.release,
    commands.ExpireLeases: claims.expire,
    commands.RequeueJob: claims.requeue,
    commands.PublishArtifact: artifacts.publish,
    commands.Decide: artifacts.decide_on,
    commands.CancelJob: claims.cancel_job,
    commands.AdoptLateHandoff: claims.adopt,
    commands.RecordCheck: work.record_check,
    commands.GiveVerdict: work.give_verdict,
    commands.VoidWork: work.void,
    commands.NoteOverlap: work.note_overlap,
    commands.NoteClosedEarly: tracker.note_early,
    commands.RecordClosingFailure: tracker.record_failure,
    commands.RecordClosing: tracker.record_closing,
    commands.Escalate: questions.escalate,
    commands.AnswerQuestion: questions.answer,
    commands.Remind: questions.remind,
    commands.OpenCheckpoint: questions.open_checkpoint,
    commands.IssueReport: merges.issue_report,
    commands.RecordEpicReport: merges.record_epic_report,
    commands.VoidReport: merges.void_report,
    commands.ApproveMerge: merges.approve,
    commands.RejectMerge: merges.reject,
    commands.RecordMerge: merges.record_merge,
    commands.RecordPush: merges.record_push,
    commands.RecordTakenBack: merges.record_taken_back,
}


def decide(state: State, order: Order) -> tuple[Event, ...]:
    """The events that a command leads to, in order, already proven to be legal. Empty when there is nothing to do."""
    return _decided(state, order)[0]


def decide_all(state: State, orders: Iterable[Order]) -> tuple[Event, ...]:
    """The same for several commands, each decided on what the ones before it lead to."""
    everything: list[Event] = []
    for order in orders:
        decided, state = _decided(state, order)
        everything += decided
    return tuple(everything)


def _decided(state: State, order: Order) -> tuple[tuple[Event, ...], State]:
    decided = list(DECISIONS[type(order.command)](state, order, order.command))
    run = run_of(state, order)
    for event in decided:
        state = _tried(state, order, run, event)
    while decided and state.run is not None and (more := _consequences(state.run)):
        for event in more:
            state = _tried(state, order, run, event)
            decided.append(event)
    return tuple(decided), state


def run_of(state: State, order: Order) -> RunId | None:
    """The run that the events of this order belong to."""
    if isinstance(order.command, commands.PrepareRun):
        return order.command.run
    return state.run.id if state.run is not None else None


def _tried(state: State, order: Order, run: RunId | None, event: Event) -> State:
    try:
        return evolve(state, Record(0, NO_DIGEST, order.at, run, order.actor, event))
    except Corrupt as impossible:
        raise Refused(impossible.message, "gitorch status") from impossible


def _consequences(run: Run) -> tuple[Event, ...]:
    """The next thing that follows by itself from how things stand."""
    if run.phase not in OVER:
        for job in run.jobs.values():
            if settled := settle(run, job):
                return settled
    if run.phase is RunPhase.RUNNING and not _anything_to_come(run):
        hopeless = _why_hopeless(run)
        return (events.RunFailed(hopeless) if hopeless else events.RunCompleted(),)
    return _after_the_end(run) if run.phase in OVER and not run.cleaned else ()


def _anything_to_come(run: Run) -> bool:
    """Whether something moves, is asked or is owed: what is blocked does not come by itself."""
    escalated = any(q.kind is QuestionKind.ESCALATION for q in run.open_questions())
    return escalated or run.push_is_owed or any(j.phase not in ENDED | {JobPhase.BLOCKED} for j in run.jobs.values())


def _why_hopeless(run: Run) -> str:
    """Why a run in which nothing is to come has not reached its end; empty where it has."""
    if any(j.writes for j in run.jobs.values()) and not any(_work_done(j) for j in run.jobs.values()):
        return "no epic was completed, so there is nothing to merge"
    left = [job for job, state in run.jobs.items() if state.phase not in ENDED]
    return f"what {', '.join(left)} needs was not completed, so the end cannot be reached" if left else ""


def _work_done(job: JobState) -> bool:
    return job.phase is JobPhase.COMPLETED and job.writes and job.spec.kind not in UNCLAIMED


def _after_the_end(run: Run) -> tuple[Event, ...]:
    """The cleanup is asked for; where there is nothing to remove, or nothing may be, it is done already."""
    choice = run.cleanup or run.settings.cleanup
    if not run.sessions or (
        choice in {"no", "keep"} and all(s.phase is SessionPhase.ENDED for s in run.sessions.values())
    ):
        return (events.CleanupDone((), ("everything",) if run.sessions else ()),)
    asked = any(q.kind is QuestionKind.CLEANUP for q in run.questions.values())
    if choice == "ask" and not asked:
        return (
            events.QuestionAsked(
                next_question(run), QuestionKind.CLEANUP, None, None, CLEANUP_OPTIONS, 0, CLEANUP_TEXT
            ),
        )
    return ()
