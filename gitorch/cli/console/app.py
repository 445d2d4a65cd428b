"""The console: the board of all runs, the details of the selected row, and keys that stand for commands.

It has no rules of its own: what it shows comes from the views of `rules`, and what it decides goes through the command line.
"""

from __future__ import annotations

import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Static
from textual.worker import WorkerCancelled, WorkerFailed

from gitorch.cli.console import reading
from gitorch.cli.console.board_view import BoardScreen, BoardView
from gitorch.cli.console.details import details_text
from gitorch.cli.console.header import header_text
from gitorch.cli.console.keys import KEYS, applies, help_text, keys_text
from gitorch.cli.console.page_screen import PageScreen, page_text
from gitorch.cli.console.style import CSS
from gitorch.errors import GitorchError
from gitorch.model.view import PlainState
from gitorch.rules.views.epics import board
from gitorch.text.visible import safe_text
from gitorch.world.terminal.ringing import sequences

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from textual.app import ComposeResult
    from textual.events import Resize
    from textual.worker import Worker

    from gitorch.cli.call import Call
    from gitorch.cli.console.loop_thread import LoopThread, Shown
    from gitorch.cli.console.terminal_use import Terminal
    from gitorch.model.ids import Moment, QuestionId, RunId
    from gitorch.model.view import EpicRow
    from gitorch.model.work.run import Run
    from gitorch.ports.git import DiffStat

    Flow = Callable[["Console", EpicRow], Coroutine[None, None, None]]

P = ParamSpec("P")
R = TypeVar("R")

WIDE_FROM = 150
"""The width from which on details stand beside the rows."""

LOW_BELOW = 14
"""The height below which there is no room for details."""

OFFLOADED = "offloaded"
"""The group of workers that are threads."""

AGE_SECONDS = 10.0
"""How often ages are drawn anew while nothing else changes."""

PARK_SECONDS = 10.0
"""How long a step under way may take before Ctrl-Z gives up."""


class Console(App[str]):
    """The application. It ends with `left`, `interrupted` or `ended` (the loop has nothing more to do)."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding(key.keys, key.action, key.label, priority=False) for key in KEYS]

    def __init__(self, call: Call, ticks: LoopThread, terminal: Terminal, flows: Mapping[str, Flow]) -> None:
        super().__init__(ansi_color=True)
        self.call = call
        self.terminal = terminal
        self._flows = flows
        self._ticks = ticks
        self._shown: dict[RunId, Shown] = {}
        self._rows: tuple[EpicRow, ...] = ()
        self._counts: Counter[PlainState] = Counter()
        self._selected: tuple[RunId, str] | None = None
        self._changes: dict[tuple[RunId, str], tuple[int, DiffStat | None]] = {}
        self._sentence = ""
        self._told = Text()
        self._leaving = ""
        self._asked: frozenset[tuple[RunId, QuestionId]] | None = None
        """The questions that were seen; None before the first look, because what waits already rings nobody."""
        self._drawn: dict[str, Text] = {}
        self._how = "ended"
        self.bug: Exception | None = None

    def compose(self) -> ComposeResult:
        """The header, the board with the details, a line for answers, and the keys."""
        yield Static(id="header")
        yield Static(id="alert")
        with Container(id="body"):
            yield BoardView()
            with VerticalScroll(id="side", can_focus=False):
                yield Static(id="details")

        yield Static(id="told")
        yield Static(id="keys")

    def get_default_screen(self) -> BoardScreen:
        """The screen of the board."""
        return BoardScreen()

    def on_mount(self) -> None:
        """Begin to drive, and show what changes."""
        self.theme = "ansi-dark"
        if not hasattr(sys.stdout, "encoding"):
            # Textual puts its own object there, and libtmux asks for this when it is imported.
            setattr(sys.stdout, "encoding", "utf-8")  # noqa: B010  mypy knows no such attribute to set
        self._ticks.changed = partial(self.call_later, self.take_changes)
        self._ticks.ended = partial(self.call_later, self._loop_ended)
        self._ticks.start()
        self.set_interval(AGE_SECONDS, self._draw)
        self._lay_out()
        self._draw()

    # What is shown

    def take_changes(self) -> None:
        """Show what the loop has found since the last time."""
        fresh, self._sentence = self._ticks.take()
        self._shown.update(fresh)
        self._rows = board([(shown.run, shown.agents) for shown in self._shown.values()])
        self._counts = Counter(row.state for row in self._rows)
        self._ring()
        self._draw()

    def _ring(self) -> None:
        """Ring the terminal once for each question that is new since the console was opened."""
        asked = {(row.run, question.id): question.text for row in self._rows for question in row.questions}
        known = self._asked
        self._asked = frozenset(asked)
        if known is None or self._driver is None:
            return

        for key, text in asked.items():
            if key not in known:
                self._driver.write(sequences(text).decode())
                return

    @property
    def row(self) -> EpicRow | None:
        """The selected row; the first one before anything was selected, and after the selected one has gone."""
        for row in self._rows:
            if (row.run, row.id) == self._selected:
                return row

        if self._rows:
            return self._rows[0]

        return None

    def _now(self) -> Moment:
        """The time by the clock that the loop uses."""
        return self.call.services.clock.now()

    def _draw(self) -> None:
        """Draw everything anew; Textual sends to the terminal what has changed. Nothing while the console ends."""
        if not self.query("#keys"):
            return

        row = self.row
        now = self._now()
        index = 0 if row is None else self._rows.index(row)
        self._put("#header", header_text(self._shown.values(), self._counts, self.size.width))
        self._show_line("#alert", self._alert())
        self.query_one(BoardView).show(self._rows, index, now)
        self._share_height()
        self._draw_details(row, now)
        self._show_line("#told", self._told)
        lines_max = 1 if self.has_class("low") else 3
        self._put("#keys", keys_text(row, self.size.width, lines_max))

    def _draw_details(self, row: EpicRow | None, now: Moment) -> None:
        """The details of the selected row."""
        if row is None:
            self._put("#details", Text("Looking at the runs …", style="dim"))
            return

        shown = self._shown[row.run]
        self._look_at_change(row, shown)
        _, change = self._changes.get((row.run, row.id), (0, None))
        columns = self.query_one("#side").content_size.width - 1  # without its scroll bar
        self._put("#details", details_text(row, shown, change, now, columns))

    def _show_line(self, name: str, text: Text) -> None:
        """A line that takes no room while it is empty."""
        self.query_one(name, Static).display = bool(text.plain)
        self._put(name, text)

    def _put(self, name: str, text: Text) -> None:
        """Change a part of the screen, unless it shows this text already: drawing costs more than comparing."""
        if self._drawn.get(name) == text:
            return

        self._drawn[name] = text
        self.query_one(name, Static).update(text)

    def _alert(self) -> Text:
        """What does not answer, or takes long, or that the console is about to end."""
        if self._leaving:
            return Text(self._leaving, style="yellow")

        if self._sentence:
            return Text(safe_text(self._sentence), style="yellow")

        silent = {part: None for shown in self._shown.values() for part in shown.silent}
        return Text("\n".join(f"! {safe_text(part)}" for part in list(silent)[:2]), style="red")

    def _look_at_change(self, row: EpicRow, shown: Shown) -> None:
        """Ask git what the branch of an epic changes, once for each record of the run."""
        if row.job is None:
            return

        key = (row.run, row.id)
        known, change = self._changes.get(key, (-1, None))
        if known == shown.run.records:
            return

        self._changes[key] = (shown.run.records, change)
        self.run_worker(self._read_change(row, shown), group="change")

    async def _read_change(self, row: EpicRow, shown: Shown) -> None:
        """Read what a branch changes, and draw it."""
        if row.job is None:
            return

        try:
            change = await self.offload(reading.change_of, self.call, shown.run, row.job)
        except WorkerCancelled:  # the console ends
            return

        self._changes[(row.run, row.id)] = (shown.run.records, change)
        self._draw()

    def tell(self, text: str, *, is_error: bool = False) -> None:
        """Show an answer above the keys until the next one."""
        self._told = Text(safe_text(text), style="red" if is_error else "")
        self._draw()

    async def offload(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of work that the screen must not wait for, done by another thread. Raises what the work raises."""
        job = partial(work, *args, **kwargs)
        label = repr(work)  # Textual would print the arguments, which for a run of 200 epics are 570 kB
        worker: Worker[R] = self.run_worker(job, thread=True, exit_on_error=False, group=OFFLOADED, description=label)
        try:
            return await worker.wait()
        except WorkerFailed as error:
            raise error.error from None

    def _handle_exception(self, error: Exception) -> None:
        """Keep a bug for the boundary, which writes a report of it; Textual would print its own traceback."""
        self.bug = self.bug or error
        self.exit("failed")

    # The layout

    def on_resize(self, event: Resize) -> None:
        """Lay out for the new size, which the application has once this event is over."""
        del event
        self.call_later(self._lay_out)
        self.call_later(self._draw)

    def _lay_out(self) -> None:
        """Put the details beside the rows where there is room, below them else, and nowhere on a very low screen."""
        self.set_class(self.size.width >= WIDE_FROM, "wide")
        self.set_class(self.size.height < LOW_BELOW, "low")

    def _share_height(self) -> None:
        """Above the details, the rows get the lines that they need; the style says how many at most."""
        rows = self.query_one(BoardView)
        if self.has_class("wide") or self.has_class("low"):
            rows.styles.height = "1fr"
        else:
            rows.styles.height = rows.lines_wanted

    # Selecting

    def _select(self, index: int) -> None:
        """Select a row by its number."""
        if not self._rows:
            return

        row = self._rows[min(max(index, 0), len(self._rows) - 1)]
        self._selected = (row.run, row.id)
        self._told = Text()
        self.query_one("#side", VerticalScroll).scroll_home(animate=False)
        self._draw()

    def _index(self) -> int:
        """The number of the selected row; 0 without rows."""
        row = self.row
        if row is None:
            return 0

        return self._rows.index(row)

    def action_move(self, by: int) -> None:
        """Select another row."""
        self._select(self._index() + by)

    def action_next_waiting(self) -> None:
        """Select the next row that waits for a person; from the last one, the first."""
        waiting = [at for at, row in enumerate(self._rows) if row.state is PlainState.WAITING]
        later = [at for at in waiting if at > self._index()]
        for at in (*later, *waiting):
            self._select(at)
            return

    def action_scroll_details(self, by: int) -> None:
        """Scroll the details."""
        self.query_one("#side", VerticalScroll).scroll_relative(y=3 * by, animate=False)

    def on_board_view_picked(self, message: BoardView.Picked) -> None:
        """Select a row that was clicked, and open it at the second click."""
        self._select(message.row)
        if message.opens:
            self.action_on_row("attach")

    # What keys do

    def action_on_row(self, label: str) -> None:
        """Do what the key with this label says about the selected row, unless it says nothing about it."""
        row = self.row
        if row is None:
            self.tell("There is no row yet.")
        elif applies(label, row):
            self.run_worker(self._follow(self._flows[label], row), group="flow", exclusive=True)
        else:
            self.tell(f"{label} does nothing for {row.id} now; ? explains the keys.")

    async def _follow(self, flow: Flow, row: EpicRow) -> None:
        """Do what a key says, and show why it could not be done. It is dropped when the console ends meanwhile."""
        try:
            await flow(self, row)
        except WorkerCancelled:
            return
        except GitorchError as error:
            self.tell(error.sentence, is_error=True)

    def action_help(self) -> None:
        """Show the keys and the signs."""
        self.push_screen(PageScreen("gitorch up: keys", page_text(help_text(), "gitorch up --help")))

    def shown_run(self, row: EpicRow) -> Run:
        """The run of a row, as the newest tick left it."""
        return self._shown[row.run].run

    # The end

    def leave_on_signal(self) -> None:
        """Leave because a signal says so; may be called at any moment, also while something else has the terminal."""
        self._how = "interrupted"
        self._ticks.stop()

    def action_leave(self, how: str) -> None:
        """Stop the loop, and end once it has stopped, or now if that was asked before.

        `how` is `left` or `interrupted`, which decides about the exit status.
        """
        if self._leaving:
            self.exit(how)
            return

        self._leaving = "Leaving after the step under way; q again leaves at once. The agents go on."
        self._how = how
        self._ticks.stop()
        self._draw()

    def _loop_ended(self) -> None:
        """End with the loop."""
        self.exit(self._how)

    async def action_suspend_console(self) -> None:
        """Return to the shell, with the loop held between two steps so that no lock stays taken."""
        self.tell("Suspending after the step under way …")
        parked = await self.offload(self._ticks.park, PARK_SECONDS)
        if parked:
            self.terminal.stop_process(self)
            self._told = Text()
        else:
            self.tell("A step takes long: try again when it is done.", is_error=True)

        self._ticks.go_on()
        self._draw()
