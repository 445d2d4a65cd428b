"""What is shown while something goes on: a live page at a terminal, a plain line for each new record elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import click

from gitorch.app.finding import open_runs
from gitorch.cli.cells import safe_line
from gitorch.cli.story import plain_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from gitorch.app.tools import Tools
    from gitorch.cli.call import Call
    from gitorch.model.ids import Moment, RunId, SessionId
    from gitorch.model.run import Run
    from gitorch.ports.ledger import Written


class View(Protocol):
    """Somewhere to show how runs go on."""

    def show(self, run: Run, agents: Mapping[SessionId, str], now: Moment, silent: tuple[str, ...]) -> None:
        """How one run stands now. `silent` are parts of the world that could not be asked."""
        ...


class Follower:
    """New records of runs, whoever wrote them; the ledger is read only when a run has grown.

    Records that were there at the beginning are not new, but for the last `keep` of each run.
    """

    def __init__(self, tools: Tools, keep: int) -> None:
        self._tools = tools
        self._keep = keep
        self._counted = {run: _records(tools, run) for run in open_runs(tools)}
        self._last: dict[RunId, int] = {}

    def fresh(self, run: Run) -> tuple[Written, ...]:
        """The records since the last time this was asked of the run."""
        known = self._last.get(run.id)
        if known is not None and self._counted.get(run.id) == run.records:
            return ()
        skipped = max(0, self._counted.get(run.id, 0) - self._keep) if known is None else 0
        found = tuple(self._tools.ledger.records(run.id, -1 if known is None else known))
        self._counted[run.id] = run.records
        self._last[run.id] = found[-1].record.seq if found else -1 if known is None else known
        return found[skipped:]


def _records(tools: Tools, run: RunId) -> int:
    found = tools.ledger.state(run).run
    return 0 if found is None else found.records


class PlainView:
    """One line for each new record, and one when something falls silent."""

    def __init__(self, tools: Tools) -> None:
        self._follower = Follower(tools, keep=0)
        self._silent: dict[RunId, tuple[str, ...]] = {}

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def show(self, run: Run, agents: Mapping[SessionId, str], now: Moment, silent: tuple[str, ...]) -> None:
        """Print what is new, at once."""
        del agents, now
        lines = [plain_line(written) for written in self._follower.fresh(run)]
        if silent != self._silent.get(run.id, ()):
            lines += [f"          {safe_line(mute)}" for mute in silent]
            self._silent[run.id] = silent
        if lines:
            click.echo("\n".join(lines))


class NoView:
    """For programs, which get one answer at the end."""

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def show(self, run: Run, agents: Mapping[SessionId, str], now: Moment, silent: tuple[str, ...]) -> None:
        """Nothing."""


def view_for(call: Call) -> AbstractContextManager[View]:
    """The view that fits this call's output."""
    if call.json:
        return NoView()
    if not call.streams.draws:
        return PlainView(call.tools)
    from gitorch.cli.live import LiveView

    return LiveView(call.tools, colours=call.streams.colours)
