"""`up`: ticks until nothing is left to do, shown as they happen."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Self

import click

from gitorch.cli.boundary import INTERRUPTED, TERMINATED, Detailed, Interrupted
from gitorch.cli.group import verb
from gitorch.errors import Busy, Waiting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from gitorch.app.reconciler.loop import LoopResult
    from gitorch.app.reconciler.tick import TickResult
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.ids import RunId, SessionId
    from gitorch.model.view import InboxRow

STATUSES = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}


@verb("up", "gitorch up", "gitorch up auth-7f3a --no-wait", "gitorch up --once --json")
@click.argument("run", required=False)
@click.option("--once", is_flag=True, help="Look and act once, then leave.")
@click.option(
    "--wait/--no-wait",
    default=None,
    help="Stay while only people can go on; without a terminal the default is to leave with exit 10.",
)
@click.pass_obj
def up(call: Call, run: str | None, once: bool, wait: bool | None) -> None:
    """Drive every open run: start agents, deliver, test, review, merge what is approved.

    It may be stopped and begun again at any time; agents go on meanwhile and nothing is done twice. One `up` a repository.
    """
    from gitorch.app.query.lookup import find_run
    from gitorch.app.reconciler.loop import loop
    from gitorch.cli.pages.drawing import view_for

    call.people_only("up")
    only = find_run(call.services, run).id if run is not None else None
    stay = (call.streams.draws and not call.json) if wait is None else wait

    with Stopping() as stopping:
        try:
            with view_for(call) as view:

                def show(ticked: TickResult) -> None:
                    view.show(ticked.run, _agents(ticked), ticked.seen.now, ticked.silent)

                stopped = loop(call.services, only, stay=stay, once=once, show=show, stopping=stopping)
        except Busy as busy:
            raise Busy(busy.message, "gitorch status --watch") from None
    _conclude(call, stopped, stopping.by)


def _agents(ticked: TickResult) -> Mapping[SessionId, str]:
    """What living sessions do."""
    from gitorch.rules.views.presence import agent_words

    return agent_words(ticked.run, ticked.seen.sessions)


class Stopping:
    """True once somebody said stop. The first signal lets a tick end; another Ctrl-C breaks it off."""

    def __init__(self) -> None:
        self.by: signal.Signals | None = None
        self._before: dict[signal.Signals, object] = {}

    def __call__(self) -> bool:
        """Whether a signal has come."""
        return self.by is not None

    def __enter__(self) -> Self:
        """Listen for Ctrl-C and a polite kill."""
        for number in STATUSES:
            self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave signals as they were."""
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # what signal.signal gave, it takes

    def _heard(self, number: int, _: FrameType | None) -> None:
        if self.by is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.by = signal.Signals(number)


def _conclude(call: Call, stopped: LoopResult, by: signal.Signals | None) -> None:
    """Say how it ended. Raises Interrupted, or Waiting where only people can go on."""
    from gitorch.rules.views.inbox import inbox

    if stopped.why == "stopped" and by is not None:
        raise Interrupted(_left_alone(stopped), STATUSES[by])
    rows = tuple(row for ticked in stopped.last.values() for row in inbox(ticked.run))
    if stopped.why == "waiting":
        _raise_waiting(call, stopped.last, rows)
    runs = [_values(ticked) for ticked in stopped.last.values()]
    call.say({"why": stopped.why, "runs": runs}, lambda page: _text(stopped, rows, page))


def _left_alone(stopped: LoopResult) -> str:
    from gitorch.model.session import SessionPhase

    living = sum(s.phase is not SessionPhase.ENDED for t in stopped.last.values() for s in t.run.sessions.values())
    agents = "no agent is running" if not living else f"{living} {'agent goes' if living == 1 else 'agents go'} on"
    return f"stopped between two ticks; {agents}. Take it up again: gitorch up"


def _raise_waiting(call: Call, last: Mapping[RunId, TickResult], rows: tuple[InboxRow, ...]) -> None:
    from gitorch.cli.pages.views import inbox_lines
    from gitorch.model.run import RunPhase

    paused = [run for run, ticked in last.items() if ticked.run.phase is RunPhase.PAUSED]
    commands = [*(f"gitorch resume {run}" for run in paused), *(row.command for row in rows)]
    parts = [f"run {run} is paused" for run in paused]
    if rows:
        parts.append(f"{len(rows)} {'question waits' if len(rows) == 1 else 'questions wait'} for you")
    error = Waiting(f"only people can go on: {', '.join(parts)}", commands[0] if commands else "gitorch inbox")
    raise Detailed(error, inbox_lines(rows, call.page), waiting=rows, paused=paused)


def _values(ticked: TickResult) -> dict[str, object]:
    from gitorch.rules.views.run import run_view

    return {"view": run_view(ticked.run), "records": len(ticked.written), "silent": ticked.silent, "over": ticked.over}


def _text(stopped: LoopResult, rows: tuple[InboxRow, ...], page: Page) -> str:
    from gitorch.cli.pages.views import header, inbox_lines, summary
    from gitorch.rules.views.run import run_view

    if not stopped.last:
        return "No run is open. Begin one: gitorch start PLAN"
    lines: list[str] = []
    for ticked in stopped.last.values():
        view = run_view(ticked.run)
        lines += [header(view, page), page.line(summary(view, page))]
    return "\n".join([*lines, *inbox_lines(rows, page)])
