"""The lives of the vendors' programs: killed and taken up again with their conversation, or run headless to their end."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from bench import KEY, bench
from mind import Cue, Mind
from programs import PROGRAMS

from gitorch.model.ids import RunId, SessionId
from gitorch.model.observed import AgentState
from gitorch.ports.world import SessionKey

if TYPE_CHECKING:
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

NAMES = ["claude", "codex", "gemini", "opencode"]
SECRET = "The word of the day is wombat."
NEXT = SessionKey(RunId("r1"), SessionId("s2"))


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_program_goes_on_with_its_conversation(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    api.mind = Mind(Cue("", says="I will remember it."))
    with bench(tmp_path, api, name) as one:
        one.start(SECRET)
        before = one.until(lambda seen: seen.state is AgentState.WAITING and seen.conversation, "the end of its turn")
        os.kill(before.pid, signal.SIGKILL)
        one.until(lambda seen: seen.state is AgentState.EXITED, "its end")
        one.terminals.stop(KEY)
        one.start("Go on now.", resume=before.conversation, key=NEXT)
        one.until(
            lambda seen: "Go on now." in api.told(name) and seen.state is AgentState.WAITING, "the end of its next turn"
        )
        assert SECRET.encode() in api.heard(name)[-1].body, "the model hears what was said before"


@pytest.mark.parametrize("name", NAMES)
def test_a_one_shot_program_does_its_turn_and_ends(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    api.mind = Mind(Cue("", says="Done in one go."))
    with bench(tmp_path, api, name) as one:
        one.start("Begin now.", one_shot=True)
        seen = one.until(lambda seen: seen.state is AgentState.EXITED, "its end")
        assert seen.exit_status == 0
        assert api.told(name) == ["Begin now."]
        assert "Done in one go." in one.screen(history=400)
        assert seen.conversation, "by which it could be taken up again"


def needs(name: str) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
