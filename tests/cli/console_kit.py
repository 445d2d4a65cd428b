# ruff: noqa: ARG002 stand-ins take what they are passed
"""The console without a terminal: on a stage in memory, with a loop that a test turns by hand."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cli_memory import START
from cli_stage import Stage
from textual.events import Key
from textual.widgets import Input

from gitorch.cli.console.app import OFFLOADED, Console
from gitorch.cli.console.flows import FLOWS
from gitorch.cli.console.loop_thread import Shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from textual.pilot import Pilot

NOW = START + 600_000
"""Ten minutes after the stage began."""

QUIET_ROUNDS = 3

SCREEN = "● Reading src/a.py\n\n> "


class Ticks:
    """The loop of the console, in which a tick is what the stage's ledger says at that moment."""

    def __init__(self, stage: Stage, agents=None, silent=(), screen=SCREEN) -> None:
        self.stage, self.agents, self.silent, self.screen = stage, agents or {}, silent, screen
        self.changed = self.ended = lambda: None
        self.is_stopped, self.parked, self.went_on = False, [], 0
        self.sentence = ""
        self.may_park = True

    def start(self) -> None:
        self.changed()

    def take(self):
        run = self.stage.run
        words = {session.id: self.agents.get(session.id, "working") for session in run.living_sessions}
        screens = dict.fromkeys(words, self.screen)
        return {run.id: Shown(run, words, screens, self.silent)}, self.sentence

    def stop(self) -> None:
        self.is_stopped = True

    def park(self, seconds) -> bool:
        self.parked.append(seconds)
        return self.may_park

    def go_on(self) -> None:
        self.went_on += 1


class Terminal:
    """Keeps what would have had the terminal."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.attached: list[tuple[str, str]] = []
        self.stopped = 0

    def run_verb(self, app, words) -> str:
        self.ran.append(list(words))
        return f"gitorch {words[0]} is done."

    def attach(self, app, run, session) -> str:
        self.attached.append((run, session))
        return ""

    def stop_process(self, app) -> None:
        self.stopped += 1


class Desk:
    """A console that is shown, and what a person does with it."""

    def __init__(self, stage: Stage, ticks: Ticks, terminal: Terminal, app: Console, pilot: Pilot) -> None:
        self.stage, self.ticks, self.terminal, self.app, self.pilot = stage, ticks, terminal, app, pilot

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each when all that the one before led to is drawn."""
        for key in keys:
            event = Key(key, key if len(key) == 1 else None)
            event.set_sender(self.app)
            self.app._driver.send_message(event)
            await self.settle()

    async def type(self, text: str) -> None:
        """Fill the line that is typed on."""
        self.app.screen.query_one(Input).value = text
        await self.settle()

    async def settle(self) -> None:
        """Wait until no thread works for the console and everything is drawn."""
        quiet = 0
        for _ in range(2000):
            await self.pilot.pause(0.001)
            screen = self.app.screen
            is_drawn = not screen._layout_required and not screen._dirty_widgets
            quiet = quiet + 1 if is_drawn and not self.threads else 0
            if quiet > QUIET_ROUNDS:
                return
        raise AssertionError("the console stays busy")

    @property
    def threads(self) -> list[object]:
        """What other threads are doing for the console."""
        return [worker for worker in self.app.workers if worker.group == OFFLOADED and not worker.is_finished]

    async def tick(self) -> None:
        self.app.take_changes()
        await self.settle()

    @property
    def lines(self) -> list[str]:
        """The screen as text."""
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips()
        assert len(strips) == height
        return [strip.text.ljust(width)[:width].rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line(self, part: str) -> str:
        found = [line for line in self.lines if part in line]
        assert found, f"no line has {part!r}:\n{self.text}"
        return found[0]


@asynccontextmanager
async def desk(stage: Stage, size=(80, 24), **words) -> AsyncIterator[Desk]:
    ticks, terminal = Ticks(stage, **words), Terminal()
    app = Console(stage.call(), ticks, terminal, FLOWS)
    app._now = lambda: NOW
    async with app.run_test(size=size) as pilot:
        made = Desk(stage, ticks, terminal, app, pilot)
        await made.settle()
        yield made
    if app.bug is not None:
        raise app.bug


def at_desk(stage: Stage, story: Callable[[Desk], Awaitable[None]], size=(80, 24), **words) -> None:
    """Show the console, and let a story be played on it."""

    async def play() -> None:
        async with desk(stage, size, **words) as made:
            await story(made)

    asyncio.run(play())


def asking() -> Stage:
    """An epic asks two questions, another is at work, a third waits for it."""
    stage = Stage().begin_run({"api": (), "ui": (), "docs": ("ui",)})
    stage.launch("api").launch("ui")
    return stage.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which cookie?", "How long is it valid?"))
