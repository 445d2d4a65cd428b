"""OpenCode's control channel with the program itself: how soon each state is known, beside what plugin and screen alone would tell."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from bench import bench
from mind import Mind
from programs import PROGRAMS
from stage import BUSY, COMMAND
from test_codex_server import COMPARED, MIND, TIMES
from unaided import Shown, figures

from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    shown = Shown(opencode)
    told: dict[str, list[float]] = {}
    seen: dict[str, list[float]] = {}
    sent = 0

    def note(state: str, act: Callable[[], str], *wanted: AgentState) -> None:
        began = time.monotonic()
        assert act() in {"acknowledged", "answered", "interrupted"}
        try:
            opencode.until(lambda seen: seen.state in wanted and seen.channel == "opencode", state)
        except AssertionError as late:
            raise AssertionError(f"{late}: {opencode.seen()}\n{opencode.screen()}") from late
        told.setdefault(state, []).append(time.monotonic() - began)
        if COMPARED:
            seen.setdefault(state, []).append(shown.known_after(began, *wanted))

    def say(text: str) -> Callable[[], str]:
        nonlocal sent
        sent += 1
        return lambda: opencode.deliver(f"t{sent}", text)

    def interrupt() -> str:
        return opencode.terminals.interrupt(opencode.key)

    def refuse() -> str:
        return opencode.terminals.answer(opencode.key, PermissionAnswer(COMMAND, Option.REJECT, ""))

    for _ in range(TIMES):
        note("working", say(BUSY), AgentState.WORKING)
        note("interrupted", interrupt, *READY)
        note("waiting for permission", say("Make a folder now."), AgentState.DIALOG)
        note("refused", refuse, *READY)
        note("limited", say("Use it up."), AgentState.LIMITED)
        assert opencode.seen().resets_at is not None
        note("interrupted at the limit", interrupt, *READY)
        note("failed", say("Fail now."), AgentState.ERROR)
    began = time.monotonic()
    os.kill(opencode.seen().pid, signal.SIGKILL)
    opencode.until(lambda seen: seen.state is AgentState.EXITED, "its end")
    told["ended"] = [time.monotonic() - began]
    for state, times in told.items():
        sys.stdout.write(f"{state}: channel {figures(times)}, plugin and screen {figures(seen.get(state, []))}\n")
    assert max(max(times) for times in told.values()) < KNOWN_SECONDS
    assert not (opencode.cwd / "made-by-the-agent").exists()
