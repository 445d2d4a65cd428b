"""`decide(state, order)`: the events that a command leads to. Raises Refused, Denied or NotFound when it may not happen.

The tables of `rules.deciding` lead from each command to its function. Every event is tried with `evolve` first, so that nothing is written
that the ledger's readers would call Corrupt. The consequences of an event (a gate that passes, a list of findings that
goes back, a run that is complete) are found by asking the new state until nothing more follows.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, Refused
from gitorch.model import commands, events
from gitorch.model.ids import NO_DIGEST
from gitorch.model.plans.workflow import UNCLAIMED
from gitorch.model.record import Record
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import CLEANUP_OPTIONS, CLEANUP_TEXT, QuestionKind
from gitorch.model.work.run import RunPhase
from gitorch.rules.evolve import evolve
from gitorch.rules.review.gates import next_question, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitorch.model.commands import Order
    from gitorch.model.events import Event
    from gitorch.model.ids import RunId
    from gitorch.model.work.board import State
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.rules.deciding import Decision

MODULES = (
    *("work", "artifacts", "claims", "sessions", "questions", "messages", "runs"),
    *("usage", "retrying", "merges", "proposals", "tracker", "faults", "readying"),
)
"""The modules of `rules.deciding`, those of agents' verbs first: a verb imports them until one decides its command."""


def decide(state: State, order: Order) -> tuple[Event, ...]:
    """The events that a command leads to, in order and already tried. Empty when there is nothing to do.

    Raises Refused when the rules do not allow the command now, Denied when the actor may not give it, and NotFound when
    it names something that does not exist.
    """
    decided, _ = _decided(state, order)
    return decided


def decide_all(state: State, orders: Iterable[Order]) -> tuple[Event, ...]:
    """The events of several commands, each decided on the state that the commands before it lead to.

    Raises what `decide` raises for the first command that may not happen; then none of the others counts either.
    """
    decided, _ = decided_all(state, orders)
    return decided


def decided_all(state: State, orders: Iterable[Order]) -> tuple[tuple[Event, ...], State]:
    """The same events, and the state after them."""
    all_events: list[Event] = []
    for order in orders:
        decided, state = _decided(state, order)
        all_events += decided

    return tuple(all_events), state


def _decided(state: State, order: Order) -> tuple[tuple[Event, ...], State]:
    """The events of one order, and the state after them."""
    run = run_of(state, order)
    decided: list[Event] = []
    due = decision_on(type(order.command))(state, order, order.command)
    while due:
        for event in due:
            state = _tried(state, order, run, event)
            decided.append(event)

        due = _consequences(state.run)

    return tuple(decided), state


@cache
def decision_on(command: type) -> Decision:
    """The function that decides commands of this class."""
    for name in MODULES:
        module = import_module(f"gitorch.rules.deciding.{name}")
        decision: Decision | None = module.DECISIONS.get(command)
        if decision is not None:
            return decision

    raise KeyError(command)


def run_of(state: State, order: Order) -> RunId | None:
    """The run that the events of this order belong to."""
    if isinstance(order.command, commands.PrepareRun):
        return order.command.run

    if state.run is None:
        return None

    return state.run.id


def _tried(state: State, order: Order, run: RunId | None, event: Event) -> State:
    """The state after an event. Raises Refused for an event that the ledger's readers would call corrupt."""
    try:
        return evolve(state, Record(0, NO_DIGEST, order.at, run, order.actor, event))
    except Corrupt as error:
        raise Refused(error.message, "gitorch status") from error


def _consequences(run: Run | None) -> tuple[Event, ...]:
    """The next events that follow from the state of the run alone; empty when nothing follows."""
    if run is None:
        return ()

    if run.phase.is_over:
        return _after_the_end(run)

    for job in run.jobs.values():
        settled = settle(run, job)
        if settled:
            return settled

    if run.phase is not RunPhase.RUNNING or _anything_to_come(run):
        return ()

    return _end_of(run)


def _end_of(run: Run) -> tuple[Event, ...]:
    """The end of a run in which nothing can move: its failure when it is hopeless, else its completion."""
    hopeless = _why_hopeless(run)
    if hopeless:
        return (events.RunFailed(hopeless),)

    return (events.RunCompleted(),)


def _anything_to_come(run: Run) -> bool:
    """Whether a job can still move, or an escalation or a push is open."""
    if run.push_is_owed:
        return True

    for job in run.jobs.values():
        if _can_move(job):
            return True

    return _is_escalated(run)


def _is_escalated(run: Run) -> bool:
    """Whether an escalation is open."""
    for question in run.open_questions():
        if question.kind is QuestionKind.ESCALATION and not question.is_fault:
            return True

    return False


def _can_move(job: JobState) -> bool:
    """Whether a job is under way. A blocked job does not move by itself."""
    if job.phase is JobPhase.BLOCKED:
        return False

    return not job.phase.is_over


def _why_hopeless(run: Run) -> str:
    """Why a run in which nothing can move has failed; empty when it has reached its end."""
    if _has_work(run) and not _any_work_completed(run):
        return "no epic was completed, so there is nothing to merge"

    left = []
    for job, state in run.jobs.items():
        if not state.phase.is_over:
            left.append(job)

    if left:
        return f"what {', '.join(left)} needs was not completed, so the end cannot be reached"

    return ""


def _has_work(run: Run) -> bool:
    """Whether the run has any job beside reviews."""
    for job in run.jobs.values():
        if job.writes:
            return True

    return False


def _any_work_completed(run: Run) -> bool:
    """Whether an agent's work was completed; reviews, checkpoints and merges do not count."""
    for job in run.jobs_in(JobPhase.COMPLETED):
        if job.writes and job.spec.kind not in UNCLAIMED:
            return True

    return False


def _after_the_end(run: Run) -> tuple[Event, ...]:
    """The cleanup question of a run that is over; or its cleanup, when there is nothing to remove or nothing may be."""
    if run.cleaned:
        return ()

    if not run.sessions:
        return (events.CleanupDone((), ()),)

    choice = run.cleanup or run.settings.cleanup
    if choice in {"no", "keep"}:
        return _nothing_removed(run)

    if choice != "ask" or _was_asked_about_cleanup(run):
        return ()

    return _cleanup_question(run)


def _cleanup_question(run: Run) -> tuple[Event, ...]:
    """The question about what to remove after the run."""
    event = events.QuestionAsked(
        question=next_question(run),
        kind=QuestionKind.CLEANUP,
        job=None,
        session=None,
        options=CLEANUP_OPTIONS,
        number=0,
        text=CLEANUP_TEXT,
    )
    return (event,)


def _was_asked_about_cleanup(run: Run) -> bool:
    """Whether the run has its cleanup question already, answered or not."""
    for question in run.questions.values():
        if question.kind is QuestionKind.CLEANUP:
            return True

    return False


def _nothing_removed(run: Run) -> tuple[Event, ...]:
    """The cleanup that keeps everything, once all sessions have ended."""
    if any(run.living_sessions):
        return ()

    return (events.CleanupDone((), ("everything",)),)
