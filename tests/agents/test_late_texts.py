"""A program that takes what was typed 13 s late gets the text once, although gitorch has typed it again by then."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bench import bench
from mind import Cue, Mind
from programs import PROGRAMS
from waiting import until

from gitorch.model.observed import READY
from gitorch.world.terminal import delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench import Bench
    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

HELD_SECONDS = 13.0
assert HELD_SECONDS * 1000 > delivery.LATE_MS, "by then the text counts as lost"


def children(pid: int) -> list[int]:
    """All processes below one."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *children(child)]
    return found


@contextmanager
def held(one: Bench) -> Iterator[None]:
    """The program takes nothing for a while, and its terminal moves all the same, as below a heavy load.

    The pane's own process is a shell; tmux would wake it at once.
    """
    pane = one.tmux("display-message", "-p", "-t", one.key.name, "#{pane_pid} #{pane_tty}").split()
    program = children(int(pane[0]))
    assert program, "the pane's own process is the program"
    over = threading.Event()
    ends = time.monotonic() + HELD_SECONDS

    def is_over() -> bool:
        Path(pane[1]).write_text("\033[0m")
        return over.is_set() or time.monotonic() > ends

    def hold() -> None:
        until(is_over, every_seconds=0.5, what="the end of the pause")
        for pid in program:
            os.kill(pid, signal.SIGCONT)

    for pid in program:
        os.kill(pid, signal.SIGSTOP)
    holding = threading.Thread(target=hold)
    holding.start()
    try:
        yield
    finally:
        over.set()
        holding.join()


@pytest.mark.parametrize("name", ["aider", "claude", "gemini"])
def test_a_text_that_was_typed_again_and_was_only_late_arrives_once(tmp_path: Path, api: StandIn, name: str) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    api.mind = Mind(Cue("", says="Done."))
    texts = ["Say hello.", "Say that it is late.", "Say good night."]
    with bench(tmp_path, api, name) as one:
        one.begin(texts[0])
        one.until(lambda seen: seen.state in READY and api.told(name), "its prompt")
        with held(one):
            one.deliver("late", texts[1])
        one.until(lambda seen: seen.state in READY and len(api.told(name)) > 1, "the end of its turn")
        one.deliver("next", texts[2])
        one.until(lambda seen: seen.state in READY and len(api.told(name)) > 2, "the end of the next")
        assert api.told(name) == texts
