"""Programs that speak the Agent Client Protocol, through `gitorch acp-host` in the pane: nothing is typed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bench import KEY, bench
from matrix import ACP
from mind import Cue, Mind
from programs import PROGRAMS
from rounds import ROUNDS, Rounds
from stage import BEGUN, COMMAND
from waiting import until

from gitorch.model.ids import RunId, SessionId
from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.model.work.session import SessionKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench import Bench
    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

KNOWN_SECONDS = 90.0
"""Until when a state is known. Copilot CLI tries again for a minute before it tells a usage limit."""


TRYING_ON = {"qwen", "opencode-acp"}
"""The programs whose turn goes on at a usage limit: they try again, and tell it in their logs."""

FAILING = ("Deny it.", "Fail now.")
"""In turn after each usage limit: before the error, Copilot CLI says of the first that it tries again."""


@pytest.fixture(params=sorted(ACP))
def one(request: pytest.FixtureRequest, tmp_path: Path, api: StandIn) -> Iterator[Bench]:
    """One program at its prompt."""
    if not PROGRAMS[request.param].installed:
        pytest.skip(f"{request.param} is not installed: make agents")
    with bench(tmp_path, api, request.param) as made:
        made.start()
        made.until(lambda seen: seen.state in READY and seen.channel == "acp", "its prompt")
        yield made


def test_each_state_is_known_soon_and_none_is_wrong(one: Bench, api: StandIn) -> None:
    # The last line alone counts: after a turn that was interrupted, Qwen Code gives its model the old text above the new one.
    api.mind = Mind(
        Cue(r"^Make.*\Z", says="I make a folder.", runs=COMMAND),
        Cue(r"^Work.*\Z", says="It takes a while.", seconds=600),
        Cue(r"^Use it up.*\Z", resets_seconds=10_800),
        Cue(r"^Fail.*\Z", fault="400"),
        Cue(r"^Deny.*\Z", fault="401"),
        Cue("", says="Done."),
    )
    rounds = Rounds(one, "acp", compared=False)  # its screen is gitorch's own, drawn from the same reports

    def say(state: str, text: str, wanted: AgentState) -> None:
        until(lambda: one.give(f"t{rounds.words}", text) in BEGUN, every_seconds=0.3, what="the delivery")
        rounds.reach(state, time.monotonic(), {wanted})

    def interrupt(state: str) -> None:
        began = time.monotonic()
        assert one.terminals.interrupt(KEY) == "interrupted"
        rounds.reach(state, began, READY)

    for number in range(ROUNDS):
        say("at work", "Work a while.", AgentState.WORKING)
        interrupt("idle after an interrupt")
        say("waits for permission", "Make a folder.", AgentState.DIALOG)
        assert one.seen().request.command == COMMAND
        began = time.monotonic()
        assert one.terminals.answer(KEY, PermissionAnswer(COMMAND, Option.REJECT, "")) == "answered"
        rounds.reach("idle after a refused permission", began, READY)
        say("limited, with its end", "Use it up.", AgentState.LIMITED)
        assert one.seen().resets_at is not None
        if one.program.name in TRYING_ON:
            interrupt("idle after an interrupt at the limit")
        say("failed", FAILING[number % 2], AgentState.ERROR)
    rounds.end()
    rounds.hold(KNOWN_SECONDS)
    assert not (one.cwd / "made-by-the-agent").exists()


def test_a_conversation_goes_on_in_a_new_process(api: StandIn, one: Bench) -> None:
    # Gemini CLI writes down a turn only after it has told its end: the second turn makes sure of the first.
    for number, text in enumerate(("Remember the word gitorch.", "Say hello."), start=1):
        one.deliver(f"p{number}", text)
        until(lambda: len(api.told(one.program.name)) == number, what="its turn")  # noqa: B023  called at once
        conversation = one.until(lambda seen: seen.state is AgentState.WAITING, "the end of it").conversation
    one.terminals.stop(KEY)
    if one.program.name == "gemini-acp":
        until(lambda: not chat_file(one, conversation).exists(), 90, 0.5, what="the next minute")
    one.start(resume=conversation, key=SessionKey(RunId("r1"), SessionId("s2")))
    one.until(lambda seen: seen.state in READY, "its prompt")
    one.deliver("p3", "Which word?")
    until(lambda: api.told(one.program.name)[-1] == "Which word?", what="the turn after that")
    heard = api.heard(one.program.name)[-1]
    assert b"Remember the word gitorch." in heard.body, "the old messages belong to the new conversation"


def chat_file(one: Bench, conversation: str) -> Path:
    """The file that Gemini CLI 0.61.0 would begin for this conversation now.

    It names the file by the minute. `session/load` first begins a conversation of the same id, and only then reads the old
    one. In the minute in which the old one began, both are one file, and its messages are gone.
    """
    name = time.strftime(f"session-%Y-%m-%dT%H-%M-{conversation[:8]}.jsonl", time.gmtime())
    return Path(one.settings["GEMINI_CLI_HOME"]) / ".gemini/tmp" / one.cwd.name / "chats" / name


def test_a_failing_service_is_told_and_the_next_text_is_taken(one: Bench, api: StandIn) -> None:
    api.mind = Mind(Cue(r"^Begin.*\Z", fault="401"), Cue("", says="Done."))
    one.deliver("p1", "Begin now.")
    one.until(lambda seen: seen.state is AgentState.ERROR, "the error")
    one.deliver("p2", "Go on.")
    one.until(lambda seen: seen.state is AgentState.WAITING, "the end of its turn")


def test_a_usage_limit_is_told_with_its_end(one: Bench, api: StandIn) -> None:
    api.mind = Mind(Cue(r"\ABegin", resets_seconds=10_800), Cue("", says="Done."))
    one.deliver("p1", "Begin now.")
    seen = one.until(lambda seen: seen.state is AgentState.LIMITED, "the limit")
    assert seen.resets_at is not None
    assert 10_000_000 < seen.resets_at - time.time() * 1000 < 11_000_000


def test_a_killed_program_ends_its_session_and_leaves_nothing(one: Bench) -> None:
    host = one.seen().pid
    children = f"/proc/{host}/task/{host}/children"
    program = int(Path(children).read_text().split()[0])
    os.kill(program, 9)
    seen = one.until(lambda seen: seen.state is AgentState.EXITED, "its end")
    assert seen.exit_status == 128 + 9
    assert "The program ended with exit status 137." in one.screen()
