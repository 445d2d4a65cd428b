"""`status`, `why`: the state of a run and its parts, and the reasons for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.verb_function import verb
from gitorch.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.cli.call import Call
    from gitorch.cli.pages.drawing import View
    from gitorch.model.ids import SessionId
    from gitorch.model.work.run import Run

PULSE_SECONDS = 1.0
"""How often a watched run is read while its ledger does not change."""

BLINK_SECONDS = 0.1
LINES_MAX = 20
"""Of a reason, on a narrow screen."""


@verb("status")
def status(call: Call, run: str | None, watch: bool, every: bool) -> None:
    """Show the state of a run, its agents, and what waits for you."""
    from gitorch.app.query import runs
    from gitorch.app.query.lookup import find_run
    from gitorch.cli.pages import views

    if every:
        lines = runs.runs(call.services)
        call.say({"runs": lines}, lambda page: views.runs_text(lines, page))
        return

    found = find_run(call.services, run)
    if watch:
        found = _watch(call, found)

    view = runs.view_of(call.services, found, _agents(call.services, found))
    note = ""
    if found.merged is not None:
        from gitorch.cli.follow import checkout_note

        note = checkout_note(call.services, found)
    call.say({"run": view, "checkout": note}, lambda page: f"{views.run_text(view, page)}\n\n{note}".rstrip())


def _agents(services: Services, run: Run) -> Mapping[SessionId, str]:
    """The states of the agents that are at work, by session."""
    from gitorch.app.query import runs

    return runs.agent_states(services, run)


def _watch(call: Call, run: Run) -> Run:
    """Show the run until it is over; returns its final state."""
    from gitorch.cli.pages.drawing import view_for

    if call.json:
        raise Usage("--watch is for people; a program polls instead", "gitorch status --json")

    with view_for(call) as view:
        while not run.phase.is_over:
            before = call.services.ledger.tip()
            run = call.services.ledger.state(run.id).run or run
            _show(call, view, run)
            _wait_for_change(call.services, before)

    return run


def _show(call: Call, view: View, run: Run) -> None:
    """Draw the run in the live view, as it is now."""
    view.show(run, _agents(call.services, run), call.services.clock.now(), ())


def _wait_for_change(services: Services, before: object) -> None:
    """Sleep until the ledger has a new record, PULSE_SECONDS at most."""
    waited = 0.0
    while waited < PULSE_SECONDS and services.ledger.tip() == before:
        services.clock.sleep(BLINK_SECONDS)
        waited += BLINK_SECONDS


@verb("why")
def why(call: Call, thing: str, run: str | None) -> None:
    """Print in one line what a job, question, session or run waits for."""
    from gitorch.app.query import runs

    reason = runs.why_of(call.services, thing, run)
    call.say({"thing": thing, "why": reason}, lambda page: "\n".join(page.folded(reason, 2, LINES_MAX)))
