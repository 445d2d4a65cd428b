"""The live page at a terminal: drawn by rich on the alternate screen, so that resizing and leaving are clean."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from gitorch.cli.pages.cells import safe_line
from gitorch.cli.pages.follower import Follower
from gitorch.cli.pages.frame import EVENTS_MAX, Panel, frame_lines
from gitorch.cli.pages.page import Page
from gitorch.cli.pages.records import plain_line
from gitorch.model.ids import Moment
from gitorch.rules.views.run import run_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.app.services import Services
    from gitorch.model.ids import RunId, SessionId
    from gitorch.model.work.run import Run

REDRAW_MILLISECONDS = 1000
"""How often ages move while nothing else does; every change is drawn at once."""

FOOTER = "Ctrl-C leaves; agents go on without it"


class LiveView:
    """Redraws the whole page when something changed, at the size that the terminal has then."""

    def __init__(self, services: Services, *, colours: bool, console: Console | None = None) -> None:
        self._follower = Follower(services, keep=EVENTS_MAX)
        self._console = console or Console(highlight=False, markup=False, emoji=False)
        self._colours = colours
        self._live = Live(console=self._console, screen=True, auto_refresh=False)
        self._panels: dict[RunId, Panel] = {}
        self._events: dict[RunId, deque[str]] = {}
        self._drawn: tuple[object, ...] = ()
        self._drawn_at = 0
        self._slow = ""

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back as it was."""
        self._live.stop()

    def show(self, run: Run, agents: Mapping[SessionId, str], now: Moment, silent: tuple[str, ...]) -> None:
        """Draw the page again if this run, an agent, the terminal's size or the clock has moved."""
        events = self._events.setdefault(run.id, deque(maxlen=EVENTS_MAX))
        events.extend(plain_line(written) for written in self._follower.fresh(run))
        self._panels[run.id] = Panel(run_view(run, agents), tuple(events), silent)
        self._slow = ""
        self._draw(now)

    def slow(self, sentence: str) -> None:
        """Draw the page again with the sentence in the place of the footer, until the next state is shown."""
        self._slow = sentence
        self._draw(Moment(self._drawn_at + REDRAW_MILLISECONDS))

    def _draw(self, now: Moment) -> None:
        """Draw the page if something that it shows is another than at the last time, or ages have moved."""
        size = self._console.size
        footer = safe_line(self._slow) or FOOTER
        drawn = (*self._panels.values(), size, footer)
        if drawn == self._drawn and now - self._drawn_at < REDRAW_MILLISECONDS:
            return

        page = Page(size.width, self._colours, now)
        lines = frame_lines(tuple(self._panels.values()), page, size.height, footer)
        self._live.update(Text.from_ansi("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)
        self._drawn, self._drawn_at = drawn, now
