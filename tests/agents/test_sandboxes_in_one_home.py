"""Two Claude Codes in sandboxes, in the home of one user: the channel of each tells its own state, and the user's own file stays."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bench import bench
from mind import Cue, Mind
from programs import PROGRAMS
from user import sign_in
from waiting import until

from gitorch.model.ids import CommitId
from gitorch.model.observed import READY, AgentState
from gitorch.ports.world import LaunchSandbox
from gitorch.wiring.presets import find_preset
from gitorch.world import sandbox
from gitorch.world.clock import SystemClock
from gitorch.world.terminal.terminals import TmuxTerminals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench import Bench
    from stand_in import StandIn

MISSING = sandbox.fault(dict(os.environ))
pytestmark = [
    pytest.mark.tmux,
    pytest.mark.agents,
    pytest.mark.skipif(not PROGRAMS["claude"].installed, reason="Claude Code is not installed: make agents"),
    pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}"),
]

WATCHED_SECONDS = 8.0
"""Longer than the channel waits before it counts a program as silent."""


@pytest.fixture
def both(tmp_path: Path, api: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bench, Bench]]:
    """Both at their prompts; the user's own Claude Code has the process id that a sandbox gives to its program."""
    api.mind = Mind(Cue(r"Keep working\.\Z", says="It takes a while.", seconds=60), Cue("", says="Done."))
    user = tmp_path / "user"
    monkeypatch.setenv("HOME", str(user))
    folders = [tmp_path / name for name in ("one", "other")]
    sign_in(user, [folder / part for folder in folders for part in ("repo", "tree")], api, {"claude": "claude"})
    (user / ".claude/sessions").mkdir()
    (user / ".claude/sessions/2.json").write_text("of the user")
    with ExitStack() as stack:
        found = []
        for folder in folders:
            folder.mkdir()
            one = stack.enter_context(bench(folder, api, "claude"))
            # A sandbox opens the repository that gitorch's folder is in.
            one.terminals = TmuxTerminals(folder / "repo/.git/gitorch", one.socket, SystemClock(), os.environ)
            one.preset = find_preset("claude", Path("/nowhere"))
            commit = CommitId((folder / "repo/.git/refs/heads/work").read_text().strip())
            held = LaunchSandbox("work", commit, network=True, writable=(str(PROGRAMS["claude"].folder.resolve()),))
            one.start(sandbox=held)
            one.until(lambda seen: seen.state in READY and seen.channel == "claude", "its state file")
            found.append(one)
        yield found[0], found[1]


def test_the_channel_of_each_tells_its_own_state_all_the_while(both: tuple[Bench, Bench]) -> None:
    one, other = both
    assert other.deliver("p1", "Keep working.") == "acknowledged"
    other.until(lambda seen: seen.state is AgentState.WORKING and seen.channel == "claude", "its work")
    end = time.monotonic() + WATCHED_SECONDS
    told: set[tuple[tuple[str, bool], ...]] = set()

    def watched() -> bool:
        told.add(tuple((seen.channel, seen.state in READY) for seen in (one.seen(), other.seen())))
        return time.monotonic() >= end

    until(watched, 3 * WATCHED_SECONDS, 0.2)
    assert told == {(("claude", True), ("claude", False))}
    assert (Path(os.environ["HOME"]) / ".claude/sessions/2.json").read_text() == "of the user"
