"""`up`: run ticks until nothing is left to do, and show them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gitorch.cli.boundary import Detailed
from gitorch.cli.interruption import INTERRUPTED, Interrupted
from gitorch.cli.stopping import STATUSES, Stopping
from gitorch.cli.verb_function import verb
from gitorch.errors import Busy, Waiting
from gitorch.model.counts import counted

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.app.reconciler.loop import LoopResult
    from gitorch.app.reconciler.tick import TickResult
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.errors import GitorchError
    from gitorch.model.ids import RunId, SessionId
    from gitorch.model.view import InboxRow
    from gitorch.model.work.run import Run

ENCODINGS = frozenset({"utf-8", "utf8"})
"""Of terminals that can show the console's signs."""


@verb("up")
def up(call: Call, run: str | None, once: bool, wait: bool | None, plain: bool) -> None:
    """Drive every open run: start agents, deliver prompts, test, review, merge approved work."""
    from gitorch.app.query.lookup import find_run, require_ledger

    call.people_only("up")
    from gitorch.app.query.terminals import require_terminals

    require_ledger(call.services)
    only = None
    if run is not None:
        only = find_run(call.services, run).id

    require_terminals(call.services, only)
    stay = wait
    if stay is None:
        stay = call.streams.draws and not call.json

    with Stopping() as stopping:
        try:
            if not once and not plain and has_console(call):
                _run_console(call, only, stopping, stay=stay)
                return

            result = _run_lines(call, only, stopping, stay=stay, once=once, plain=plain)
        except Busy as error:
            raise Busy(error.message, "gitorch status --watch") from None

    _conclude(call, result, stopping.by)


def has_console(call: Call) -> bool:
    """Whether the console can be shown: at a terminal of the caller's own, with its program installed, and with a run to show."""
    from importlib.util import find_spec

    from gitorch.app.query.lookup import unsettled_runs

    if not call.can_ask or not call.streams.controls:
        return False

    if call.environ.get("TERM", "dumb") == "dumb" or sys.stdout.encoding.lower() not in ENCODINGS:
        return False

    return find_spec("textual") is not None and bool(unsettled_runs(call.services))


def _run_console(call: Call, only: RunId | None, stopping: Stopping, *, stay: bool) -> None:
    """Show the console until it is left. Raises Busy where another `up` runs, before anything is shown."""
    from gitorch.app.reconciler.turn import turn
    from gitorch.cli.console.session import run_console

    with turn(call.services, drives=True):
        pass

    ended = run_console(call, only, stopping, stay=stay)
    if ended.result is None or ended.how == "left":
        call.say({}, _farewell(ended.result))
        return

    by = stopping.by
    if ended.how == "interrupted" and by is None:
        raise Interrupted(_interruption(ended.result), INTERRUPTED)

    _conclude(call, ended.result, by)


def _farewell(result: LoopResult | None) -> str:
    """What goes on after the console was left, and the command that comes back to it."""
    if result is None:
        return "gitorch up was left in the middle of a step, which the next one repeats. Continue: gitorch up"

    return f"You have left the console; {_living_agents(result)}. Continue: gitorch up"


def _run_lines(
    call: Call, only: RunId | None, stopping: Stopping, *, stay: bool, once: bool, plain: bool
) -> LoopResult:
    """Run the loop in this thread, and print what happens: lines, a page at a terminal without the console, or nothing."""
    from gitorch.app.reconciler.loop import loop
    from gitorch.cli.pages.drawing import view_for

    with view_for(call, plain=plain) as view:
        call.services.watch_slow_calls(view.slow)

        def show(tick: TickResult) -> None:
            view.show(tick.run, _agents(tick), tick.observed.now, tick.silent)

        return loop(
            call.services,
            only,
            stay=stay,
            once=once,
            drives=True,
            show=show,
            stopping=stopping,
            say=view.slow,
        )


def _agents(tick: TickResult) -> Mapping[SessionId, str]:
    """The states of living sessions, as people read them."""
    from gitorch.rules.views.presence import agent_words

    return agent_words(tick.run, tick.observed.sessions)


def _conclude(call: Call, result: LoopResult, by: signal.Signals | None) -> None:
    """Print the result. Raises Interrupted after a signal, and Detailed, as Waiting, if everything waits for people."""
    if result.why == "stopped" and by is not None:
        raise Interrupted(_interruption(result), STATUSES[by])

    rows = _asked(call, result)
    if result.errors:
        raise _broken(call, result.errors, rows)

    if result.why == "waiting":
        raise _waiting(call, result.last, rows)

    runs = [_values(call, tick) for tick in result.last.values()]
    call.say({"why": result.why, "runs": runs}, lambda page: _text(result, rows, page))


def _asked(call: Call, result: LoopResult) -> Sequence[InboxRow]:
    """What the runs of the loop ask; without any, what all runs ask, such as how a finished one is cleaned up."""
    from gitorch.app.query.runs import all_inbox, named_rows
    from gitorch.rules.views.inbox import inbox

    if not result.last:
        return all_inbox(call.services)

    asked: list[InboxRow] = []
    for tick in result.last.values():
        asked += inbox(tick.run)

    return named_rows(call.services, asked)


def _interruption(result: LoopResult) -> str:
    """The sentence for a loop that was interrupted, with the state of the agents and the command that continues."""
    return f"stopped between two ticks; {_living_agents(result)}. Continue: gitorch up"


def _living_agents(result: LoopResult) -> str:
    """How many agents continue without gitorch."""
    from gitorch.model.work.session import SessionPhase

    living = 0
    for tick in result.last.values():
        living += sum(session.phase is not SessionPhase.ENDED for session in tick.run.sessions.values())

    if not living:
        return "no agent is running"

    return counted(living, "agent continues", "agents continue")


def _broken(call: Call, errors: Sequence[GitorchError], rows: Sequence[InboxRow]) -> Detailed:
    """The first error that no answer helps against, after the others and after what waits for people."""
    from gitorch.cli.pages.views import inbox_lines

    lines = [*inbox_lines(rows, call.page), *(f"gitorch: {error.message}" for error in errors[1:])]
    return Detailed(errors[0], lines, waiting=rows)


def _waiting(call: Call, last: Mapping[RunId, TickResult], rows: Sequence[InboxRow]) -> Detailed:
    """The error that lists paused runs, open questions and runs that people work on, with the first command as its hint."""
    from gitorch.cli.pages.views import inbox_lines
    from gitorch.model.work.run import RunPhase

    runs = [tick.run for tick in last.values()]
    paused = [run.id for run in runs if run.phase is RunPhase.PAUSED]
    waits = dict(_waits(call, runs, rows))
    error = Waiting(f"waiting for you: {', '.join(waits)}", next(iter(waits.values()), "gitorch status"))
    return Detailed(error, inbox_lines(rows, call.page), waiting=rows, paused=paused)


def _waits(call: Call, runs: Sequence[Run], rows: Sequence[InboxRow]) -> Iterator[tuple[str, str]]:
    """Each thing that waits for people, with the command for it."""
    from gitorch.app.query.runs import next_command
    from gitorch.model.work.run import RunPhase

    for run in runs:
        if run.phase is RunPhase.PAUSED:
            yield f"run {run.id} is paused", f"gitorch resume {run.id}"

    if rows:
        yield counted(len(rows), "question"), rows[0].command

    yield from _pulls(runs)
    for run in runs:
        if run.settings.manual and run.phase is not RunPhase.PAUSED:
            yield f"run {run.id} is worked on by hand", next_command(call.services, run)


def _pulls(runs: Sequence[Run]) -> Iterator[tuple[str, str]]:
    """Each run that waits for pull requests about which no question is open, with the command that lists them."""
    from gitorch.rules.review.proposals import asked_for_pulls

    for run in runs:
        question = asked_for_pulls(run)
        if question is not None and question.answer is not None:
            yield f"the pull requests of {run.id} are not merged yet", f"gitorch show {question.id} --run {run.id}"


def _values(call: Call, tick: TickResult) -> dict[str, object]:
    """One tick under the keys of the JSON form."""
    from gitorch.app.query.runs import view_of

    return {
        "view": view_of(call.services, tick.run),
        "records": len(tick.written),
        "silent": tick.silent,
        "over": tick.over,
    }


def _text(result: LoopResult, rows: Sequence[InboxRow], page: Page) -> str:
    """The end of the loop, and what waits for the principal."""
    from gitorch.cli.pages.views import header, inbox_lines, summary
    from gitorch.rules.views.run import run_view

    lines: list[str] = []
    if not result.last:
        lines.append("No run is open. Start one: gitorch start PLAN")

    for tick in result.last.values():
        view = run_view(tick.run)
        lines += [header(view, page), page.line(summary(view, page))]

    return "\n".join([*lines, *inbox_lines(rows, page)])
