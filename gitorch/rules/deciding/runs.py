"""Runs: preparing, confirming, starting, pausing and ending them; and records of no run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Refused
from gitorch.model import commands, events
from gitorch.model.ids import SessionId
from gitorch.model.record import ActorKind
from gitorch.model.work.run import RunPhase
from gitorch.rules.deciding.messages import refused_plan
from gitorch.rules.guards import ensure
from gitorch.rules.guards.capabilities import ensure_may

if TYPE_CHECKING:
    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.record import Actor
    from gitorch.model.work.board import State
    from gitorch.model.work.run import Run
    from gitorch.rules.deciding import Decisions

REFUSALS_KEPT, STRANGER_REFUSALS_KEPT = 10, 1_000
"""Refused attempts of one session, and of all agents without one, that are recorded, so that a looping agent cannot fill the ledger."""

REFUSAL_PAUSE_MS = 3_600_000
"""The time between two records of further attempts by agents of no run: no end of a run ends their count."""


def reject_plan(state: State, _: Order, command: commands.RejectPlan) -> tuple[Event, ...]:
    """The refusal of the plan, and a message with the same text to its coordinator."""
    text = f"Plan validation failed. Missing: {'; '.join(command.failures)}"
    return (events.PlanRejected(command.plan, command.failures, text), *refused_plan(state, command, text))


def confirm_target(state: State, order: Order, command: commands.ConfirmTarget) -> tuple[Event, ...]:
    """Confirm a target at its first use, and again after another target was confirmed; otherwise nothing happens."""
    ensure.principal(order.actor, "start")
    if state.board.confirms_target(command.target):
        return ()

    return (events.TargetConfirmed(command.target),)


def add_host(state: State, order: Order, command: commands.AddHost) -> tuple[Event, ...]:
    """Let a host write. The first is the one that adds itself, since from then on every push must be signed by a known host."""
    ensure.principal(order.actor, "host add")
    hosts = state.board.hosts
    if hosts.get(command.host) == command.key:
        return ()

    if not hosts and command.host != order.actor.host:
        message = f"no host is known yet, so {order.actor.host} must be added first: from then on each push is signed"
        raise Refused(message, "gitorch host join --add")

    _ensure_known(state, order)
    return (events.HostAdded(command.host, command.key),)


def _ensure_known(state: State, order: Order) -> None:
    """Raise Refused on a host that the ledger does not know, once it knows any."""
    hosts = state.board.hosts
    if hosts and order.actor.host not in hosts:
        known = ", ".join(sorted(hosts))
        message = f"{order.actor.host} is unknown to this ledger, so the command must be typed on a host that it knows: {known}"
        raise Refused(message, "gitorch host join")


def label_host(state: State, order: Order, command: commands.LabelHost) -> tuple[Event, ...]:
    """Record the labels of the host that says so, where they are others than before."""
    ensure.host(order.actor, "its labels")
    if state.board.labels.get(order.actor.host, ()) == command.labels:
        return ()

    return (events.HostLabeled(command.labels),)


def remove_host(state: State, order: Order, command: commands.RemoveHost) -> tuple[Event, ...]:
    """Take a host's right away. A host cannot remove itself, since it must sign the record of that."""
    ensure.principal(order.actor, "host remove")
    if command.host not in state.board.hosts:
        message = f"this ledger has no key of a host {command.host}, so there is nothing to remove"
        raise NotFound(message, "gitorch host list")

    if command.host == order.actor.host:
        message = f"this is {command.host}, and another host must sign the record of its removal"
        raise Refused(message, "gitorch host list")

    _ensure_known(state, order)
    return (events.HostRemoved(command.host),)


def prepare(state: State, order: Order, command: commands.PrepareRun) -> tuple[Event, ...]:
    """Prepare a new run of a plan. Raises Refused if another run works on the same plan, which settles races between starts."""
    ensure.principal(order.actor, "start")
    ensure.not_begun(state.board, command.plan_digest)
    if command.run in state.board.runs:
        message = f"run {command.run} already exists"
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
    """Confirm the run's settings, once for each run."""
    ensure.principal(order.actor, "start")
    run = ensure.run_there(state)
    if run.phase is not RunPhase.PREPARED:
        message = f"run {run.id} was confirmed already and is {run.phase}"
        raise Refused(message, "gitorch up")

    return (events.RunConfirmed(command.settings, command.proof, command.git_settings, command.repository),)


def take_settings(state: State, order: Order, command: commands.TakeSettings) -> tuple[Event, ...]:
    """Record the settings of the host's clone; those that it recorded before stand."""
    ensure.host(order.actor, "the git settings of its clone")
    run = ensure.run_there(state)
    if order.actor.host in run.settings_taken:
        return ()

    return (events.SettingsTaken(command.git_settings),)


def start(state: State, order: Order, _: commands.StartRun) -> tuple[Event, ...]:
    """Start a confirmed run; in any other phase nothing happens."""
    ensure.host(order.actor, "the start of a run")
    run = ensure.run_open(ensure.run_there(state))
    if run.phase is not RunPhase.READY:
        return ()

    return (events.RunStarted(),)


def pause(state: State, order: Order, command: commands.PauseRun) -> tuple[Event, ...]:
    """Pause the run: nothing new begins, and agents at work may still hand in."""
    ensure_may(order.actor, "pause")
    run = ensure.run_open(ensure.run_there(state))
    if run.phase is not RunPhase.RUNNING:
        message = f"run {run.id} is {run.phase}; only a running run can be paused"
        raise Refused(message, f"gitorch status {run.id}")

    return (events.RunPaused(command.reason),)


def resume(state: State, order: Order, _: commands.ResumeRun) -> tuple[Event, ...]:
    """Resume a paused run."""
    ensure_may(order.actor, "resume")
    run = ensure.run_open(ensure.run_there(state))
    if run.phase is not RunPhase.PAUSED:
        message = f"run {run.id} is {run.phase}; only a paused run can be resumed"
        raise Refused(message, f"gitorch status {run.id}")

    return (events.RunResumed(),)


def cancel(state: State, order: Order, command: commands.CancelRun) -> tuple[Event, ...]:
    """End the run at once; branches and records stay."""
    ensure.principal(order.actor, "cancel")
    ensure.not_merged(ensure.run_open(ensure.run_there(state)))
    return (events.RunCanceled(command.reason),)


def record_cleanup(state: State, order: Order, command: commands.RecordCleanup) -> tuple[Event, ...]:
    """Record, once, the cleanup of a run that is over."""
    ensure.host(order.actor, "a cleanup")
    run = ensure.run_there(state)
    if not run.phase.is_over:
        message = f"run {run.id} is {run.phase}; it is cleaned up when it is over"
        raise Refused(message, f"gitorch cancel {run.id}")

    if run.cleaned:
        return ()

    return (events.CleanupDone(command.removed, command.kept),)


def record_refusal(state: State, order: Order, command: commands.RecordRefusal) -> tuple[Event, ...]:
    """A refused attempt, unless the ledger has enough of this agent's; outside of runs one more is recorded each hour."""
    kept = REFUSALS_KEPT
    if command.job is not None:  # a refused report counts, until people are asked: other attempts leave room for it
        kept += REFUSALS_KEPT

    if order.actor.kind is ActorKind.AGENT and _is_enough(state, order, kept):
        return ()

    return (events.ActionRefused(command.verb, command.code, command.reason, command.job),)


def _is_enough(state: State, order: Order, kept: int) -> bool:
    """Whether the ledger already has as many refused attempts of this agent as it keeps."""
    if state.run is not None:
        return _is_enough_of_run(state.run, order.actor, kept)

    board = state.board
    if board.strangers < STRANGER_REFUSALS_KEPT or board.stranger_at is None:
        return False
    return order.at - board.stranger_at < REFUSAL_PAUSE_MS


def _is_enough_of_run(run: Run, actor: Actor, kept: int) -> bool:
    """Whether a run has enough refused attempts of this agent; agents of no session of the run are counted together."""
    session = run.sessions.get(SessionId(actor.session or ""))
    if session is None:
        return run.strangers >= STRANGER_REFUSALS_KEPT

    return session.refusals >= kept


DECISIONS: Decisions = {
    commands.RejectPlan: reject_plan,
    commands.ConfirmTarget: confirm_target,
    commands.AddHost: add_host,
    commands.RemoveHost: remove_host,
    commands.LabelHost: label_host,
    commands.PrepareRun: prepare,
    commands.ConfirmRun: confirm,
    commands.TakeSettings: take_settings,
    commands.StartRun: start,
    commands.PauseRun: pause,
    commands.ResumeRun: resume,
    commands.CancelRun: cancel,
    commands.RecordCleanup: record_cleanup,
    commands.RecordRefusal: record_refusal,
}
