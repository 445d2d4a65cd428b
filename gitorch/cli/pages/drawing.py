"""The progress of runs: a live page at a terminal, a plain line for each new record elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.cli.output import write
from gitorch.cli.pages.cells import safe_line
from gitorch.cli.pages.follower import Follower
from gitorch.cli.pages.records import plain_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from gitorch.app.services import Services
    from gitorch.cli.call import Call
    from gitorch.model.ids import Moment, RunId, SessionId
    from gitorch.model.work.run import Run


class View(Protocol):
    """Shows the progress of runs."""

    def show(self, run: Run, agents: Mapping[SessionId, str], now: Moment, silent: tuple[str, ...]) -> None:
        """Show the state of one run. `silent` are the parts of the world that did not answer."""
        ...

    def slow(self, sentence: str) -> None:
        """Say that a call takes long, while it runs."""
        ...


class PlainView:
    """One line for each new record, and one when a part of the world stops answering."""

    def __init__(self, services: Services) -> None:
        self._follower = Follower(services, keep=0)
        self._silent: dict[RunId, tuple[str, ...]] = {}

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to release."""

    def show(self, run: Run, agents: Mapping[SessionId, str], now: Moment, silent: tuple[str, ...]) -> None:
        """Print new records at once."""
        del agents, now
        lines = [plain_line(written) for written in self._follower.fresh(run)]
        if silent != self._silent.get(run.id, ()):
            lines += [f"          {safe_line(part)}" for part in silent]
            self._silent[run.id] = silent

        if lines:
            write("\n".join(lines))

    def slow(self, sentence: str) -> None:
        """Print it as a line of its own."""
        write(f"          {safe_line(sentence)}")


class NoView:
    """Shows nothing: programs get one answer at the end."""

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to release."""

    def show(self, run: Run, agents: Mapping[SessionId, str], now: Moment, silent: tuple[str, ...]) -> None:
        """Nothing."""

    def slow(self, sentence: str) -> None:
        """Nothing."""


def view_for(call: Call, *, plain: bool = False) -> AbstractContextManager[View]:
    """The view that fits this call's output; `plain` asks for lines also at a terminal."""
    if call.json:
        return NoView()

    if plain or not call.streams.draws:
        return PlainView(call.services)

    from gitorch.cli.pages.live import LiveView

    return LiveView(call.services, colours=call.streams.colours)
