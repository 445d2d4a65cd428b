"""The usage that gitorch counts is what the model served: with streams that break, retries, resumed conversations and subagents."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import pytest
from bench import KEY, bench
from mind import Cue, Mind
from programs import PROGRAMS
from replies import TOKENS
from waiting import until

from gitorch.model.ids import RunId, SessionId
from gitorch.model.observed import READY, AgentState
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.model.work.usage import ModelUsage, total
from gitorch.text.usage.from_channel import served_of
from gitorch.world.terminal.session_files import folder_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench import Bench
    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

TELLING = {"codex"}
"""The programs whose channel tells tokens."""

NEXT = SessionKey(RunId("r1"), SessionId("s2"))
SUBAGENTS = {
    "claude": Cue(
        r"\ADelegate",
        says="I delegate.",
        tool="Agent",
        arguments={"description": "Count", "prompt": "Count the sheep.", "subagent_type": "general-purpose"},
    ),
    "codex": Cue(r"\ADelegate", says="I delegate.", tool="spawn_agent", arguments={"message": "Count the sheep."}),
}


def story(name: str) -> Mind:
    """A turn of two answers, one that fails before it succeeds, one whose stream breaks, and one with a subagent."""
    return Mind(
        Cue(r"\ARun a command", says="I run it.", runs="git status --short", times=1),
        Cue(r"\AFail first", fault="500", times=1),
        Cue(r"\ABreak off", says="A long answer that breaks off.", fault="cut", times=1),
        SUBAGENTS[name],
        Cue("", says="Done."),
    )


@pytest.mark.parametrize("name", ["claude", "codex"])
def test_each_prompt_is_counted_as_the_model_served_it(tmp_path: Path, api: StandIn, name: str) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed")
    api.mind = story(name)
    with bench(tmp_path, api, name) as one:
        one.start("Run a command, please.")
        turn(one, api, "Run a command, please.")
        agree(one, api.served)
        for number, prompt in enumerate(
            ("Say something.", "Fail first, then answer.", "Break off in between.", "Delegate this.")
        ):
            one.deliver(f"q{number}", prompt)
            turn(one, api, prompt)
            agree(one, api.served)
        if name in TELLING:
            until(lambda: of_channel(one) == counted(one), every_seconds=0.3, what=f"{of_channel(one)} of the channel")
        first = len(api.served)
        before = one.seen()
        os.kill(before.pid, signal.SIGKILL)
        one.until(lambda seen: seen.state is AgentState.EXITED, "its end")
        one.terminals.stop(KEY)
        one.start("Go on now.", resume=before.conversation, key=NEXT)
        turn(one, api, "Go on now.")
        agree(one, api.served[first:])
        assert name not in TELLING or of_channel(one) is None, "it has no total of what came before"


def of_channel(one: Bench) -> ModelUsage | None:
    """What the control channel alone tells of the session."""
    folder = folder_of(one.terminals._home, one.key)
    found = one.terminals._channels.of(one.key, folder, folder.launch()).ask(lambda channel: channel.usage())
    return None if found is None else total(served_of(answer).usage for answer in found[1])


def turn(one: Bench, api: StandIn, prompt: str) -> None:
    """Wait for the end of a turn."""
    one.until(lambda seen: prompt in api.told(one.program.name) and seen.state in READY, f"the end of {prompt!r}")


def agree(one: Bench, served: list[str]) -> None:
    """What gitorch counts is what was served."""
    wanted = ModelUsage(input=len(served) * TOKENS[0], output=len(served) * TOKENS[1], requests=len(served))
    with contextlib.suppress(AssertionError):
        until(lambda: replace(counted(one), cost_micros=0) == wanted, every_seconds=0.3, what="the counts")
    assert replace(counted(one), cost_micros=0) == wanted
    tells = one.program.name == "claude"
    until(
        lambda: (counted(one).cost_micros > 0) is tells, every_seconds=0.3, what="the cost, which its status line tells"
    )


def counted(one: Bench) -> ModelUsage:
    """What gitorch counts of the session."""
    return total(one.terminals.usage(one.key).models)
