"""The live page: everything in the lines that there are, the most interesting first."""

from __future__ import annotations

import io
import itertools

import pytest
from cli_stage import RUN, Stage
from cli_stage import many as play_many
from rich.console import Console

from gitorch.cli.pages.cells import width
from gitorch.cli.pages.frame import Panel, frame_lines
from gitorch.cli.pages.live import LiveView
from gitorch.cli.pages.page import Page
from gitorch.rules.views.run import run_view

TOLD = tuple(f"12:00:0{n}  sentence {n}" for n in range(9))


@pytest.fixture(scope="module")
def many():
    stage = Stage()
    play_many(stage)
    return run_view(stage.run, {"s2": "dialog"})


def lines_of(panels, columns, lines):
    return frame_lines(panels, Page(columns, colours=False, now=1_700_000_100_000), lines, "Ctrl-C leaves")


@pytest.mark.parametrize("size", [(80, 24), (120, 50), (40, 12), (20, 6), (200, 100), (10, 2), (80, 1)])
def test_a_page_never_overflows_its_terminal(many, size):
    lines = lines_of((Panel(many, TOLD, ("tmux cannot be asked: timeout",)),), *size)
    assert len(lines) <= size[1]
    assert max(width(line) for line in lines) <= size[0]
    assert lines[-1].startswith("Ctrl-C"[: size[0] - 1])


def test_a_small_terminal_shows_the_interesting_jobs_and_counts_the_rest(many):
    text = "\n".join(lines_of((Panel(many, TOLD),), 80, 24))
    for part in (
        "epic-00",
        "epic-04",
        "dialog",
        "more: 42 blocked",
        "waits for you",
        'gitorch answer q1 "…"',
        "sentence 8",
    ):
        assert part in text
    assert "epic-39.spec" not in text


def test_a_large_terminal_shows_every_job_its_title_and_the_last_events(many):
    text = "\n".join(lines_of((Panel(many, TOLD),), 140, 110))
    assert "epic-39.spec" in text
    assert "長い題名 epic-39" in text
    assert "more:" not in text
    assert "sentence 1" in text
    assert "sentence 0" not in text


def test_a_silent_part_of_the_world_is_shown(many):
    assert "! tmux cannot be asked" in "\n".join(lines_of((Panel(many, (), ("tmux cannot be asked",)),), 80, 24))


def test_many_runs_share_the_page_and_the_rest_are_counted(many):
    lines = lines_of((Panel(many, TOLD),) * 5, 80, 24)
    assert len(lines) <= 24
    assert sum(line.startswith(RUN) for line in lines) == 2
    assert "… and 3 more runs: gitorch status --all" in lines


def drawn(stage, size=(80, 24)):
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=size[0], height=size[1], highlight=False, color_system="standard"
    )
    return out, LiveView(stage.services, colours=True, console=console)


def test_the_view_draws_on_the_alternate_screen_and_gives_the_terminal_back():
    stage = Stage().begin_run().launch("api")
    out, view = drawn(stage)
    with view:
        view.show(stage.run, {"s1": "working"}, 1_700_000_100_000, ())
    text = out.getvalue()
    assert text.index("\x1b[?1049h") < text.index("s1 working") < text.index("\x1b[?1049l")
    assert "prompt delivered" in text
    assert "\x1b[?25h" in text


def test_the_view_draws_only_after_a_change_or_a_second():
    stage = Stage().begin_run().launch("api")
    out, view = drawn(stage)
    with view:
        sizes = []
        for agents, now in (({}, 0), ({}, 500), ({}, 1000), ({"s1": "dialog"}, 1100), ({"s1": "dialog"}, 1200)):
            view.show(stage.run, agents, now, ())
            sizes.append(len(out.getvalue()))
    assert [b > a for a, b in itertools.pairwise(sizes)] == [False, True, True, False]


def test_the_view_shows_new_records_of_other_processes():
    stage = Stage().begin_run().launch("api")
    out, view = drawn(stage)
    with view:
        view.show(stage.run, {}, 0, ())
        stage.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))
        view.show(stage.run, {}, 1, ())
    assert "question q1 (context) on api: Which name?" in out.getvalue()


def test_a_call_that_takes_long_stands_in_the_footer_until_the_next_state():
    stage = Stage().begin_run().launch("api")
    out, view = drawn(stage)
    with view:
        view.show(stage.run, {}, 0, ())
        view.slow("git read-tree has run for 5 s")
        assert "git read-tree has run for 5 s" in out.getvalue()
        length = len(out.getvalue())
        view.show(stage.run, {}, 5000, ())
    assert "Ctrl-C leaves" in out.getvalue()[length:]
    assert "read-tree" not in out.getvalue()[length:]
