"""The console while a person works with it: what each key leads to, to the letter and with its styles.

Run pytest with --rewrite-transcripts to write it as it is now, and read the difference.
"""

from __future__ import annotations

from collections import Counter

from cli_stage import HUMAN, Stage, many
from console_kit import asking, at_desk
from golden import assert_golden
from textual.widgets import Input

from gitorch.cli.console import reading
from gitorch.model.commands import CancelJob
from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import Autonomy, Settings

ALL = 100


def styled(desk) -> list[str]:
    """The screen as text, with the look of each part that has one of its own: bold, dim, a colour."""
    lines: list[str] = []
    for strip in desk.app.screen._compositor.render_strips():
        line = ""
        for segment in strip:
            look = look_of(segment.style)
            line += f"⟨{look}:{segment.text}⟩" if look and segment.text.strip() else segment.text
        lines.append(line.rstrip())
    return lines


def look_of(style) -> str:
    """`bold yellow`; empty for the terminal's own look."""
    names = [name for name in ("bold", "dim") if style and getattr(style, name)]
    if style and style.color and not style.color.is_default:
        names.append(style.color.name)
    return " ".join(names)


class Told:
    """What was seen, and how it came to be seen."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def see(self, desk, *keys: str, text: str = "", lines: int = ALL) -> None:
        """Type a text, press keys, and write down at most so many lines of the screen from its end."""
        if text:
            await desk.type(text)
        await desk.press(*keys)
        typed = [one.placeholder for one in desk.app.screen.query(Input)]
        self.lines += ["", f"## {text} {' '.join(keys)} {typed or ''}".rstrip(), *styled(desk)[-lines:]]


def test_each_key_of_a_person_leads_to_its_screen(request, monkeypatch):
    monkeypatch.setattr(reading, "LOG_LINES", 4)
    told = Told()
    stage = asking()

    async def play(desk):
        await told.see(desk)
        await told.see(desk, "a")
        await told.see(desk, "ctrl+n")
        await told.see(desk, "ctrl+n", lines=4)
        await told.see(desk, "enter", text="a day")
        await told.see(desk, "n", lines=5)
        await told.see(desk, "s")
        await told.see(desk, "enter", text="Hello")
        await told.see(desk, "R", lines=5)
        await told.see(desk, "P")
        await told.see(desk, "y", lines=5)
        await told.see(desk, "down", "l")
        await told.see(desk, "escape", "right_square_bracket")
        await told.see(desk, "end", "p", lines=5)
        await told.see(desk, "question_mark", "pagedown", "up")
        await told.see(desk, "q", "q", lines=24)

    at_desk(stage, play)
    assert_golden("console-keys-pressed.txt", "\n".join(told.lines).strip() + "\n", request)


def test_a_report_is_read_and_rejected_on_a_wide_screen(request):
    told = Told()
    stage = Stage().until_report()

    async def play(desk):
        await told.see(desk)
        await told.see(desk, "r", "end")
        await told.see(desk, "q", "R")
        await told.see(desk, "enter", text="No tests.")
        await told.see(desk, "enter")
        await told.see(desk, "n", "R", lines=1)
        await told.see(desk, "enter", text="-")
        await told.see(desk, "escape", "down", "d")
        await told.see(desk, "escape", "f")

    async def send_back(desk):
        await told.see(desk, "R", lines=3)
        await told.see(desk, "enter", text="No tests.", lines=14)
        await told.see(desk, "y", lines=5)

    epic = Stage().begin_run({"auth": ()}, Settings(autonomy=Autonomy.PER_EPIC)).finish("auth")
    at_desk(epic, send_back, (80, 20))
    assert epic.run.jobs["auth"].attempt == 2
    at_desk(stage, play, (160, 20), silent=("tmux cannot be asked: timeout", "git is away", "a third"))
    assert_golden("console-report.txt", "\n".join(told.lines).strip() + "\n", request)


def test_only_epics_of_the_report_are_offered_to_be_sent_back():
    hints: list[str] = []
    stage = Stage().begin_run({"api": (), "docs": ()})
    stage.do(CancelJob(JobId("docs"), "not now"), HUMAN)
    assert stage.finish("api").gitorch("up", "--no-wait").status == 10

    async def play(desk):
        await desk.press("R")
        await desk.type("Too big")
        await desk.press("enter")
        hints.append(desk.text)
        await desk.press("escape")

    at_desk(stage, play, (160, 20))
    assert "Of: api. Without any" in " ".join(hints[0].split())


def test_many_rows_are_scrolled_on_a_small_screen_and_none_are_none(request):
    told = Told()
    forty = many(Stage())

    async def play(desk):
        await told.see(desk)
        for keys in (
            ("end",),
            ("pageup",),
            ("k", "k"),
            ("tab",),
            ("down", "pagedown"),
            ("home",),
            ("end", "left_square_bracket"),
        ):
            await told.see(desk, *keys, lines=14)
        desk.ticks.sentence = "git push has run for 5 s"
        await desk.tick()
        told.lines += styled(desk)[:3]

    async def nothing(desk):
        desk.ticks.take = lambda: ({}, "")
        desk.app._shown, desk.app._rows, desk.app._counts = {}, (), Counter()
        desk.app._draw()
        await told.see(desk, "a", "j", "tab")
        await told.see(desk, "ctrl+z", "ctrl+c", lines=5)

    at_desk(forty, play, (60, 16))
    at_desk(Stage().begin_run({"api": ()}), nothing, (60, 14))
    assert_golden("console-many.txt", "\n".join(told.lines).strip() + "\n", request)
