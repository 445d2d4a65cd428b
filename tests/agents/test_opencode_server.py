"""OpenCode's control channel with the program itself: how soon each state is known, beside what plugin and screen alone would tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from bench import bench
from mind import Mind
from programs import PROGRAMS
from rounds import ROUNDS, Rounds
from stage import BUSY, COMMAND
from test_codex_server import MIND

from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench import Bench
    from stand_in import StandIn

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.agents,
    pytest.mark.skipif(not PROGRAMS["opencode"].installed, reason="opencode is not installed: make agents"),
]

KNOWN_SECONDS = 20.0
"""Until when a state is known on a machine that has much else to do, most of it the program's own time."""


@pytest.fixture
def opencode(tmp_path: Path, api: StandIn) -> Iterator[Bench]:
    """OpenCode at its prompt, with one turn behind it, and gitorch as its client."""
    api.mind = Mind(*MIND)
    with bench(tmp_path, api, "opencode") as one:
        one.start("Say hello.")
        one.until(
            lambda seen: seen.channel == "opencode" and seen.state in READY and api.told("opencode"), "its prompt"
        )
        yield one


def test_each_state_is_known_soon_and_none_is_wrong(opencode: Bench) -> None:
    rounds = Rounds(opencode, "opencode")

    def say(state: str, text: str, *wanted: AgentState) -> None:
        began = time.monotonic()
        assert opencode.deliver(f"t{len(rounds.known)}-{rounds.words}", text) == "acknowledged"
        rounds.reach(state, began, wanted)

    def interrupt(state: str) -> None:
        began = time.monotonic()
        assert opencode.terminals.interrupt(opencode.key) == "interrupted"
        rounds.reach(state, began, READY)

    for _ in range(ROUNDS):
        say("at work", BUSY, AgentState.WORKING)
        interrupt("idle after an interrupt")
        say("waits for permission", "Make a folder now.", AgentState.DIALOG)
        began = time.monotonic()
        assert opencode.terminals.answer(opencode.key, PermissionAnswer(COMMAND, Option.REJECT, "")) == "answered"
        rounds.reach("idle after a refused permission", began, READY)
        say("limited, with its end", "Use it up.", AgentState.LIMITED)
        assert opencode.seen().resets_at is not None
        interrupt("idle after an interrupt at the limit")
        say("failed", "Fail now.", AgentState.ERROR)
    rounds.end()
    rounds.hold(KNOWN_SECONDS)
    assert not (opencode.cwd / "made-by-the-agent").exists()
