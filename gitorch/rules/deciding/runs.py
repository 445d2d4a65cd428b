"""Beginning, holding and ending runs, and what belongs to no run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.model import events
from gitorch.model.record import ActorKind
from gitorch.model.run import OVER, RunPhase
from gitorch.rules import ensure
from gitorch.rules.capabilities import ensure_may
from gitorch.rules.deciding.messages import refused_plan

if TYPE_CHECKING:
    from gitorch.model import commands
    from gitorch.model.board import State
    from gitorch.model.commands import Order
    from gitorch.model.events import Event

REFUSALS_KEPT = 10
"""Attempts of one session, or of all who have none, that are written down; a looping agent must not fill the ledger."""


def reject_plan(state: State, _: Order, command: commands.RejectPlan) -> tuple[Event, ...]:
    """The refusal is kept, and its coordinator told, in the same words."""
    text = f"Plan validation failed. Missing: {'; '.join(command.failures)}"
    return (events.PlanRejected(command.plan, command.failures, text), *refused_plan(state, command, text))


def confirm_target(state: State, order: Order, command: commands.ConfirmTarget) -> tuple[Event, ...]:
    """A target is confirmed when it is first used, and again after another one was; saying it again changes nothing."""
    ensure.principal(order.actor, "start")
    return () if state.board.confirms_target(command.target) else (events.TargetConfirmed(command.target),)


def prepare(state: State, order: Order, command: commands.PrepareRun) -> tuple[Event, ...]:
    """A plan that another run works on is refused, however many start it at once."""
    ensure.principal(order.actor, "start")
    ensure.not_begun(state.board, command.plan_digest)
    if command.run in state.board.runs:
        message = f"there is a run {command.run} already"
        raise Refused(message, "gitorch status")
    event = events.RunPrepared(
        title=command.title,
        plan=command.plan,
        plan_digest=command.plan_digest,
        target=command.target,
        target_commit=command.target_commit,
        workflow=command.workflow,
    )
    return (event,)


def confirm(state: State, order: Order, command: commands.ConfirmRun) -> tuple[Event, ...]:
    """The question sheet is answered once a run."""
    ensure.principal(order.actor, "start")
    run = ensure.run_there(state)
    if run.phase is not RunPhase.PREPARED:
        message = f"run {run.id} was confirmed already and is {run.phase}"
        raise Refused(message, "gitorch up")
    return (events.RunConfirmed(command.settings, command.proof),)


def start(state: State, order: Order, _: commands.StartRun) -> tuple[Event, ...]:
    """A confirmed run is taken up."""
    ensure.host(order.actor, "the start of a run")
    run = ensure.run_open(ensure.run_there(state))
    return (events.RunStarted(),) if run.phase is RunPhase.READY else ()


def pause(state: State, order: Order, command: commands.PauseRun) -> tuple[Event, ...]:
    """Nothing new begins; agents that work may still hand in."""
    ensure_may(order.actor, "pause")
    run = ensure.run_open(ensure.run_there(state))
    if run.phase is not RunPhase.RUNNING:
        message = f"run {run.id} is {run.phase}; only a running run can be paused"
        raise Refused(message, f"gitorch status {run.id}")
    return (events.RunPaused(command.reason),)


def resume(state: State, order: Order, _: commands.ResumeRun) -> tuple[Event, ...]:
    """A paused run goes on."""
    ensure_may(order.actor, "resume")
    run = ensure.run_open(ensure.run_there(state))
    if run.phase is not RunPhase.PAUSED:
        message = f"run {run.id} is {run.phase}; only a paused run can be resumed"
        raise Refused(message, f"gitorch status {run.id}")
    return (events.RunResumed(),)


def cancel(state: State, order: Order, command: commands.CancelRun) -> tuple[Event, ...]:
    """The run ends at once; branches and records stay."""
    ensure.principal(order.actor, "cancel")
    ensure.run_open(ensure.run_there(state))
    return (events.RunCanceled(command.reason),)


def record_cleanup(state: State, order: Order, command: commands.RecordCleanup) -> tuple[Event, ...]:
    """Only of a run that is over, and once."""
    ensure.host(order.actor, "a cleanup")
    run = ensure.run_there(state)
    if run.phase not in OVER:
        message = f"run {run.id} is {run.phase}; it is cleaned up when it is over"
        raise Refused(message, f"gitorch cancel {run.id}")
    return () if run.cleaned else (events.CleanupDone(command.removed, command.kept),)


def record_refusal(state: State, order: Order, command: commands.RecordRefusal) -> tuple[Event, ...]:
    """Every refused attempt is kept, up to a bound for one session."""
    if order.actor.kind is ActorKind.AGENT and state.run is not None:
        session = next((s for s in state.run.sessions.values() if s.id == order.actor.session), None)
        if (state.run.strangers if session is None else session.refusals) >= REFUSALS_KEPT:
            return ()
    return (events.ActionRefused(command.verb, command.code, command.reason, command.job),)
