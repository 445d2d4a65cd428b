"""Faults of the file in which Claude Code keeps its state: the next channel takes over within 5 s, and the fault is named.

Claude Code 2.1.332 did not write a file again that was gone or half, so the next channel keeps the session.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from bench import bench
from mind import Cue, Mind
from programs import PROGRAMS

from gitorch.model.observed import READY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench import Bench
    from stand_in import StandIn

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.agents,
    pytest.mark.skipif(not PROGRAMS["claude"].installed, reason="Claude Code is not installed: make agents"),
]

TAKEN_OVER_SECONDS = 5.0

FAULTS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "gone": lambda _: None,
    "half": lambda value: json.dumps(value)[:40],
    "of another process": lambda value: json.dumps({**value, "procStart": "1"}),
    "without its process": lambda value: json.dumps({key: one for key, one in value.items() if key != "procStart"}),
    "without its status": lambda value: json.dumps({key: one for key, one in value.items() if key != "status"}),
    "with a new status": lambda value: json.dumps({**value, "status": "dreaming"}),
}
"""What the file then holds; None where it is deleted."""


@pytest.fixture
def one(tmp_path: Path, api: StandIn) -> Iterator[Bench]:
    api.mind = Mind(Cue("", says="Done."))
    with bench(tmp_path, api, "claude") as found:
        found.start()
        found.until(lambda seen: seen.state in READY and seen.channel == "claude", "its state file")
        yield found


@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_channel_takes_over_and_delivers(one: Bench, api: StandIn, fault: str) -> None:
    (path,) = one.terminals._home.rglob("claude/sessions/*.json")
    content = FAULTS[fault](json.loads(path.read_text()))
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    began = time.monotonic()
    seen = one.until(lambda seen: seen.channel == "terminal" and seen.skipped, "the next channel")
    assert time.monotonic() - began < TAKEN_OVER_SECONDS
    assert list(seen.skipped) == ["claude"]
    assert seen.state in READY
    assert one.deliver("p1", "Say a word.") == "acknowledged"
    one.until(lambda seen: seen.state in READY and api.told("claude"), "the end of its turn")
    assert api.told("claude") == ["Say a word."]
