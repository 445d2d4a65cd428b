"""`up`: run ticks until nothing is left to do, and show them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Self

from gitorch.cli.boundary import INTERRUPTED, TERMINATED, Detailed, Interrupted
from gitorch.cli.group import verb
from gitorch.cli.pages.page import counted
from gitorch.errors import Busy, Waiting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    from gitorch.app.reconciler.loop import LoopResult
    from gitorch.app.reconciler.tick import TickResult
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.errors import GitorchError
    from gitorch.model.ids import RunId, SessionId
    from gitorch.model.view import InboxRow

STATUSES = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}


@verb("up")
def up(call: Call, run: str | None, once: bool, wait: bool | None) -> None:
    """Drive every open run: start agents, deliver prompts, test, review, merge approved work."""
    from gitorch.app.query.lookup import find_run, require_ledger
    from gitorch.app.reconciler.loop import loop
    from gitorch.cli.pages.drawing import view_for

    call.people_only("up")
    require_ledger(call.services)
    only = None
    if run is not None:
        only = find_run(call.services, run).id

    stay = wait
    if stay is None:
        stay = call.streams.draws and not call.json

    with Stopping() as stopping:
        try:
            with view_for(call) as view:
                call.services.watch_slow_calls(view.slow)

                def show(tick: TickResult) -> None:
                    view.show(tick.run, _agents(tick), tick.observed.now, tick.silent)

                result = loop(
                    call.services,
                    only,
                    stay=stay,
                    once=once,
                    drives=True,
                    show=show,
                    stopping=stopping,
                    say=view.slow,
                )
        except Busy as error:
            raise Busy(error.message, "gitorch status --watch") from None

    _conclude(call, result, stopping.by)


def _agents(tick: TickResult) -> Mapping[SessionId, str]:
    """The states of living sessions, as people read them."""
    from gitorch.rules.views.presence import agent_words

    return agent_words(tick.run, tick.observed.sessions)


class Stopping:
    """True once a signal asked to stop. The first signal lets the tick end; a second Ctrl-C interrupts it."""

    def __init__(self) -> None:
        self.by: signal.Signals | None = None
        self._before: dict[signal.Signals, object] = {}

    def __call__(self) -> bool:
        """Whether a signal has come."""
        return self.by is not None

    def __enter__(self) -> Self:
        """Catch SIGINT and SIGTERM."""
        for number in STATUSES:
            self._before[number] = signal.signal(number, self._caught)

        return self

    def __exit__(self, *_: object) -> None:
        """Restore the handlers."""
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # what signal.signal gave, it takes

    def _caught(self, number: int, _: FrameType | None) -> None:
        if self.by is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt

        self.by = signal.Signals(number)


def _conclude(call: Call, result: LoopResult, by: signal.Signals | None) -> None:
    """Print the result. Raises Interrupted after a signal, Detailed(Waiting) if everything waits for people."""
    from gitorch.app.query.runs import named_rows
    from gitorch.rules.views.inbox import inbox

    if result.why == "stopped" and by is not None:
        raise Interrupted(_interruption(result), STATUSES[by])

    asked: list[InboxRow] = []
    for tick in result.last.values():
        asked += inbox(tick.run)

    rows = named_rows(call.services, asked)
    if result.errors:
        raise _broken(call, result.errors, rows)

    if result.why == "waiting":
        raise _waiting(call, result.last, rows)

    runs = [_values(tick) for tick in result.last.values()]
    call.say({"why": result.why, "runs": runs}, lambda page: _text(result, rows, page))


def _interruption(result: LoopResult) -> str:
    """The sentence for a loop that was interrupted, with the state of the agents and the command that continues."""
    from gitorch.model.work.session import SessionPhase

    living = 0
    for tick in result.last.values():
        living += sum(session.phase is not SessionPhase.ENDED for session in tick.run.sessions.values())

    agents = "no agent is running"
    if living:
        agents = counted(living, "agent continues", "agents continue")

    return f"stopped between two ticks; {agents}. Continue: gitorch up"


def _broken(call: Call, errors: Sequence[GitorchError], rows: Sequence[InboxRow]) -> Detailed:
    """The first error that no answer helps against, after the others and after what waits for people."""
    from gitorch.cli.pages.views import inbox_lines

    lines = [*inbox_lines(rows, call.page), *(f"gitorch: {error.message}" for error in errors[1:])]
    return Detailed(errors[0], lines, waiting=rows)


def _waiting(call: Call, last: Mapping[RunId, TickResult], rows: Sequence[InboxRow]) -> Detailed:
    """The error that lists paused runs and open questions, with the first command as its hint."""
    from gitorch.cli.pages.views import inbox_lines
    from gitorch.model.work.run import RunPhase

    paused: list[RunId] = []

    for run, tick in last.items():
        if tick.run.phase is RunPhase.PAUSED:
            paused.append(run)

    parts = [f"run {run} is paused" for run in paused]
    hint = "gitorch inbox"
    if rows:
        parts.append(counted(len(rows), "question"))
        hint = rows[0].command

    if paused:
        hint = f"gitorch resume {paused[0]}"

    error = Waiting(f"waiting for you: {', '.join(parts)}", hint)
    return Detailed(error, inbox_lines(rows, call.page), waiting=rows, paused=paused)


def _values(tick: TickResult) -> dict[str, object]:
    """One tick under the keys of the JSON form."""
    from gitorch.rules.views.run import run_view

    return {"view": run_view(tick.run), "records": len(tick.written), "silent": tick.silent, "over": tick.over}


def _text(result: LoopResult, rows: Sequence[InboxRow], page: Page) -> str:
    """The end of the loop, and what waits for the principal."""
    from gitorch.cli.pages.views import header, inbox_lines, summary
    from gitorch.rules.views.run import run_view

    if not result.last:
        return "No run is open. Start one: gitorch start PLAN"

    lines: list[str] = []
    for tick in result.last.values():
        view = run_view(tick.run)
        lines += [header(view, page), page.line(summary(view, page))]

    return "\n".join([*lines, *inbox_lines(rows, page)])
