"""What gitorch makes of the vendors' programs when their model's service fails, and when they are killed: each in bounded time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from bench import KEY, START_SECONDS, bench
from matrix import ARRIVED
from mind import Cue, Mind
from programs import PROGRAMS
from waiting import until

from gitorch.model.observed import READY, AgentState

if TYPE_CHECKING:
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

NAMES = ["claude", "codex", "gemini", "opencode"]
FAILING = {AgentState.WORKING, AgentState.ERROR, AgentState.LIMITED}
"""What a program may be while it tries again, and once it has given up. Never ready: it would look as if it had done its work."""

BEGIN = r"\ABegin"


def fault(kind: str) -> Mind:
    return Mind(Cue(BEGIN, says="one two three four five six seven eight", fault=kind))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["401", "429", "500", "never", "cut"])
def test_a_failing_service_is_never_taken_for_work_that_is_done(
    tmp_path: Path, api: StandIn, name: str, kind: str
) -> None:
    needs(name)
    api.mind = fault(kind)
    with bench(tmp_path, api, name) as one:
        one.start("Begin now.")
        until(lambda: api.heard(name), START_SECONDS, what="the request")
        one.until(lambda seen: seen.state in FAILING, "a state that tells of it")
        ends = time.monotonic() + 8
        told = []
        while time.monotonic() < ends:
            seen = one.seen()
            told.append((str(seen.state), seen.evidence))
            assert seen.state in FAILING, (told, one.screen())
            one.terminals._clock.sleep(0.2)
        if kind == "401":
            one.until(lambda seen: seen.state is AgentState.ERROR, "an error that ends the turn at once")


@pytest.mark.parametrize("name", NAMES)
def test_after_the_service_is_back_the_next_text_is_taken(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    api.mind = fault("401")
    with bench(tmp_path, api, name) as one:
        one.start("Begin now.")
        one.until(lambda seen: seen.state is AgentState.ERROR, "the error")
        api.mind = Mind(Cue("", says="Done."))
        before = api.told(name)
        assert one.deliver("p1", "Go on.") in ARRIVED
        one.until(lambda seen: api.told(name) != before and seen.state in READY, "the end of its turn")
        (told,) = api.told(name)[len(before) :]
        assert told.removeprefix("Begin now.\n\n") == "Go on.", "some say again before it what was not answered"


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_program_is_exited_at_once_and_leaves_nothing(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    api.mind = Mind(Cue(BEGIN, says="It takes a while.", seconds=60))
    with bench(tmp_path, api, name) as one:
        one.start("Begin now.")
        until(lambda: api.heard(name), START_SECONDS, what="the request")
        pid = one.seen().pid
        os.kill(pid, signal.SIGKILL)
        seen = one.until(lambda seen: seen.state is AgentState.EXITED, "its end")
        assert seen.exit_status == 128 + signal.SIGKILL
        one.terminals.stop(KEY)
        assert not processes(one.socket)


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_server_leaves_no_program_behind(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    with bench(tmp_path, api, name) as one:
        one.start()
        one.until(lambda seen: seen.state in READY, "its prompt")
        one.tmux("kill-server")
        seen = one.until(lambda seen: not seen.present, "its end")
        assert seen.server_gone
        one.terminals.stop(KEY)
        assert not processes(one.socket)


@pytest.mark.parametrize("name", NAMES)
def test_another_size_of_the_terminal_changes_no_state(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    with bench(tmp_path, api, name) as one:
        one.start()
        one.until(lambda seen: seen.state in READY, "its prompt")
        for size in (("80", "24"), ("120", "40"), ("200", "50")):
            one.tmux("resize-window", "-t", KEY.name, "-x", size[0], "-y", size[1])
            one.until(lambda seen: seen.state in READY, f"its prompt at {size}")
        assert one.deliver("p1", "Begin now.") in ARRIVED
        until(lambda: api.told(name) == ["Begin now."], START_SECONDS, what="the text, once")


def needs(name: str) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")


def processes(socket: str) -> list[str]:
    done = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if socket in line]
