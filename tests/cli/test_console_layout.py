"""The layout of the console: it fits every size, what explains has room first, and colours say nothing alone (D1, D4)."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from cli_stage import RUN, Stage, many
from console_kit import asking, at_desk

from gitorch.cli.console.rows import columns_of, row_text
from gitorch.cli.pages.cells import width
from gitorch.model.ids import JobId
from gitorch.model.view import EpicRow, PlainState

if TYPE_CHECKING:
    from types import FrameType

WINDOW = {"ff5f57", "febc2e", "28c840"}
"""The buttons of the window that a picture is framed by."""


@pytest.fixture(scope="module")
def forty() -> Stage:
    return many(Stage())


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50), (40, 12), (20, 5), (10, 2)])
def test_the_console_fits_every_size(forty, size):
    async def look(desk):
        assert len(desk.lines) == size[1]
        assert max(map(width, desk.lines)) <= size[0]
        if size >= (40, 12):
            assert "▌ epic-00" in desk.text
            assert "WAITING FOR YOU  1" in desk.text
            assert "q leave" in desk.text

    at_desk(forty, look, size)


def test_the_smallest_screen_shows_how_many_wait_and_the_selected_row():
    async def look(desk):
        assert [line.rstrip() for line in desk.lines] == [" 1 wai…", " ▌ api"]
        await desk.press("down")
        assert desk.lines[1].rstrip() == " ▌ the…"

    at_desk(asking(), look, (8, 2))


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
def test_a_long_question_leaves_room_for_its_options_and_the_answer(size):
    stage = Stage().begin_run({"api": ()}).launch("api")
    stage.submit_handoff("api", "BLOCKED", blocker="\n".join(f"line {n}" for n in range(60)), clears="A key.")

    async def play(desk):
        await desk.press("a")
        for part in ("q1 in", "  1  cleared", "a number or a name", "Enter goes on"):
            assert part in desk.text
        before = desk.text
        await desk.press("pagedown", "pagedown")
        assert desk.text != before
        assert "a number or a name" in desk.text

    at_desk(stage, play, size)


@pytest.mark.parametrize("size", [(60, 20), (80, 40), (149, 40), (150, 40), (200, 50)])
def test_each_line_of_an_agents_screen_takes_one_line_however_wide_its_terminal_is(size):
    stage = Stage().begin_run({"api": ()}).launch("api")

    async def look(desk):
        await desk.press("down")
        first = next(n for n, line in enumerate(desk.lines) if "screen (p shows all)" in line)
        shown = [line.rpartition("│ ")[2].rstrip() for line in desk.lines[first + 1 : first + 5]]
        for letter, line in zip("abcd", shown, strict=True):
            assert line.startswith(letter * 20)
            assert line.endswith("…")
            assert set(line) == {letter, "…"}

    at_desk(stage, look, size, screen="\n".join(letter * 300 for letter in "abcd"))


def calls_of_a_key(rows: int) -> float:
    """How often a function of the console is called for each key, where every key moves the selection by a row."""
    stage = Stage().begin_run({f"epic-{n:03}": () for n in range(rows)})
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call" and "/gitorch/cli/" in frame.f_code.co_filename

    async def play(desk):
        sys.setprofile(count)
        try:
            for _ in range(30):
                desk.app.action_move(1)
                await desk.pilot.pause(0)
        finally:
            sys.setprofile(None)
        assert "▌ epic-030" in desk.text or "▌ epic-029" in desk.text

    at_desk(stage, play, (120, 40))
    assert calls > 30
    return calls / 30


@pytest.mark.slow
def test_two_hundred_rows_are_scrolled_without_lag():
    """A key costs what is on the screen, however many rows there are."""
    few, many_rows = calls_of_a_key(50), calls_of_a_key(200)
    assert many_rows < 1.2 * few, f"{few:.0f} calls for a key with 50 rows, {many_rows:.0f} with 200"


def test_the_age_of_a_row_gives_way_before_its_reason_is_cut():
    reasons = ("x" * 60, "x" * 61, "x" * 68, "x" * 69)
    rows = [EpicRow(RUN, "api", "", PlainState.QUEUED, reason, 0, JobId("api")) for reason in reasons]
    widths = columns_of(rows, 80)
    lines = [row_text(row, widths, 60_000, is_selected=False).plain for row in rows]
    assert [line.rstrip().endswith("1 min") for line in lines] == [width(reason) <= widths.reason for reason in reasons]
    assert max(map(width, lines)) <= 80
    whole = [reason in line for reason, line in zip(reasons, lines, strict=True)]
    assert whole == [width(reason) <= widths.reason + 8 for reason in reasons]


def test_without_colours_every_state_is_a_word_and_the_selected_row_has_a_sign(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def play(desk):
        assert desk.app.no_color
        for part in ("WAITING FOR YOU  1", "WORKING  2", "QUEUED  1", "▌ api", "waiting for you for"):
            assert part in desk.text
        for strip in desk.app.screen._compositor.render_strips():
            shown = strip
            for one in desk.app.get_line_filters():
                shown = shown.apply_filter(one, desk.app.screen.background_colors[1])
            colours = {
                colour.name
                for part in shown
                if part.style
                for colour in (part.style.color, part.style.bgcolor)
                if colour
            }
            assert colours <= {"default"}, strip.text
        svg = desk.app.export_screenshot()
        colours = set(re.findall(r"fill: #([0-9a-f]{6})", svg)) | set(re.findall(r'fill="#([0-9a-f]{6})"', svg))
        assert all(abs(int(c[:2], 16) - int(c[2:4], 16)) < 8 for c in colours - WINDOW), colours

    at_desk(asking(), play)
