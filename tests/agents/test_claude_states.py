"""Claude Code's channel with the program itself: each state as soon as the program is in it, and requests answered without a key."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from bench import bench
from mind import Cue, Mind
from programs import PROGRAMS
from rounds import ROUNDS, TURN, Rounds

from gitorch.model.observed import AT_PROMPT, READY, AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from bench import Bench
    from stand_in import StandIn

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.agents,
    pytest.mark.skipif(not PROGRAMS["claude"].installed, reason="Claude Code is not installed: make agents"),
]

COMMAND = """python3 -c 'import os; os.mkdir("made")'
echo second line"""
KNOWN_SECONDS = 10.0
"""Until when a state is known, counted from the key or the delivery, also on a machine that has much else to do."""

QUESTION = {
    "question": "Which colour?",
    "header": "Colour",
    "multiSelect": False,
    "options": [{"label": "Red", "description": "Warm"}, {"label": "Blue", "description": "Cold"}],
}
ANSWERS = (
    Cue(r"Make a folder\.\Z", says="I make a folder.", runs=COMMAND),
    Cue(r"Keep working\.\Z", says="It takes a while.", seconds=60),
    Cue(r"Ask me\.\Z", says="I ask.", tool="AskUserQuestion", arguments={"questions": [QUESTION]}),
    Cue(r"Fail now\.\Z", fault="400"),
    Cue(r"Spend it all\.\Z", fault="429", message="You've hit your limit · resets 3pm (UTC)"),
    Cue(r"Say it slowly\.\Z", says="Done.", seconds=1),
    Cue("", says="Done."),
)


@pytest.fixture
def one(tmp_path: Path, api: StandIn) -> Iterator[Bench]:
    api.mind = Mind(*ANSWERS)
    with bench(tmp_path, api, "claude") as found:
        found.start()
        found.until(lambda seen: seen.state in READY and seen.channel == "claude", "its state file")
        yield found


def keys(one: Bench, *words: str) -> float:
    """Press keys as a human in the pane; the time."""
    one.tmux("send-keys", "-t", one.key.name, *words)
    return time.monotonic()


def test_each_state_is_known_soon_and_none_is_wrong(one: Bench) -> None:
    rounds = Rounds(one, "claude")
    for number in range(ROUNDS):
        for name, wanted, since in states_of_a_round(one, number):
            rounds.reach(name, since, wanted)
    rounds.end()
    rounds.hold(KNOWN_SECONDS)


def states_of_a_round(one: Bench, number: int) -> Iterator[tuple[str, AbstractSet[AgentState], float]]:
    """The program goes through its states; each with what counts as known, and since when it is in it."""
    one.deliver(f"keep-{number}", "Keep working.")
    yield "at work", {AgentState.WORKING}, time.monotonic()
    pressed = keys(one, "Escape")
    yield "interrupted", READY, pressed
    keys(one, "C-u")

    one.deliver(f"make-{number}", "Make a folder.")
    yield "asks for permission", {AgentState.DIALOG}, time.monotonic()
    one.until(lambda _: "Do you want to proceed?" in one.screen(), "the dialog")
    pressed = keys(one, "1")
    yield "allowed in the pane", TURN, pressed
    one.until(lambda seen: seen.state in READY, "the end of the turn")

    one.deliver(f"ask-{number}", "Ask me.")
    yield "waits for input", {AgentState.DIALOG}, time.monotonic()
    one.until(lambda _: "Which colour?" in one.screen(), "the question")
    keys(one, "Escape")
    one.until(lambda seen: seen.state in READY, "the end of the turn")
    keys(one, "C-u")

    one.deliver(f"say-{number}", "Say it slowly.")
    delivered = time.monotonic()
    one.until(lambda seen: seen.state is AgentState.WORKING, "its turn")  # before that it rests after the turn before
    yield "at rest after a turn of a second", READY, delivered
    one.deliver(f"spend-{number}", "Spend it all.")
    yield "limited, with its end", {AgentState.LIMITED}, time.monotonic()
    assert one.seen().resets_at is not None
    keys(one, "-l", f"Go on, {number}.")
    one.until(lambda _: f"Go on, {number}." in one.screen(), "a human's line")
    keys(one, "Enter")
    one.until(lambda seen: seen.state in READY, "the end of a human's turn")
    one.deliver(f"fail-{number}", "Fail now.")
    yield "failed", {AgentState.ERROR}, time.monotonic()

    keys(one, "-l", "/help")
    one.until(lambda _: "/help" in one.screen(), "the command")
    pressed = keys(one, "Enter")
    yield "shows a dialog of its own", {AgentState.DIALOG}, pressed
    assert one.give(f"no-{number}", "Not into a dialog.").startswith("refused: ")
    pressed = keys(one, "Escape")
    yield "that dialog is closed", AT_PROMPT, pressed


def test_a_request_is_told_whole_and_rejected_with_a_reason_without_a_key(one: Bench, api: StandIn) -> None:
    assert one.deliver("p1", "Make a folder.") == "acknowledged"
    seen = one.until(lambda seen: seen.request, "a permission request")
    request = seen.request
    assert request is not None
    assert seen.offered is not None
    assert (request.tool, request.command, request.folder) == ("Bash", COMMAND, str(one.cwd))
    answer = PermissionAnswer(seen.offered.label("reject"), Option.CHOSEN, "q1", "use another folder")
    assert one.terminals.answer(one.key, answer) == "answered"
    after = one.until(lambda seen: seen.state in READY, "the end of the turn")
    assert [(one.asked, one.option, one.rule) for one in after.answered] == [(COMMAND, Option.REJECT, "q1")]
    assert api.heard("claude")[-1].ask.results == ("use another folder",)  # type: ignore[union-attr]  # it was a turn
    assert not (one.cwd / "made").exists()


def test_a_rule_allows_exactly_its_command_without_a_key(one: Bench) -> None:
    one.deliver("p1", "Make a folder.")
    one.until(lambda seen: seen.request, "a permission request")
    assert one.terminals.answer(one.key, PermissionAnswer("rm -r .", Option.ONCE, "rm .*")).startswith("refused: ")
    assert one.terminals.answer(one.key, PermissionAnswer(COMMAND, Option.ONCE, "python3 .*")) == "answered"
    one.until(lambda seen: seen.state in READY, "the end of the turn")
    assert (one.cwd / "made").is_dir()


@pytest.mark.parametrize(("key", "made"), [("1", True), ("Escape", False)])
def test_a_human_in_the_pane_settles_a_request_and_its_hook_is_released(one: Bench, key: str, made: bool) -> None:
    one.deliver("p1", "Make a folder.")
    seen = one.until(lambda seen: seen.request, "a permission request")
    assert seen.offered is not None
    one.until(lambda _: "1. Yes" in one.screen(), "its dialog")
    press(one, key)
    one.until(lambda seen: seen.state in READY and seen.request is None, "its prompt")
    assert (one.cwd / "made").is_dir() is made
    late = PermissionAnswer(seen.offered.label("allow"), Option.CHOSEN, "q1")
    assert one.terminals.answer(one.key, late).startswith("refused: ")
    one.until(lambda _: not waiting_hooks(one), "the end of the hook")
    assert one.seen().answered == ()


def press(one: Bench, key: str) -> None:
    """Press a key of the dialog as a human does: again after a few seconds where it still shows, since a key too soon is lost."""
    pressed = keys(one, key)

    def is_gone(_: object) -> bool:
        nonlocal pressed
        shows = "1. Yes" in one.screen()
        if shows and time.monotonic() - pressed > AGAIN_SECONDS:
            pressed = keys(one, key)
        return not shows

    one.until(is_gone, "the end of the dialog")


AGAIN_SECONDS = 3


def waiting_hooks(one: Bench) -> list[str]:
    """The processes of this program that wait for an answer."""
    listed = subprocess.run(["ps", "-eo", "ppid=,args="], check=True, capture_output=True, text=True).stdout
    mine = str(one.seen().pid)
    return [line for line in listed.splitlines() if "hook claude 43200" in line and line.split()[0] == mine]


def test_a_half_written_line_of_a_human_is_left_and_the_text_comes_after_it(one: Bench, api: StandIn) -> None:
    keys(one, "-l", "half a line")
    one.until(lambda _: "half a line" in one.screen(), "the line")
    assert one.give("p1", "Say a word.").startswith("refused: ")
    assert "half a line" in one.screen()
    keys(one, "C-u")
    assert one.deliver("p1", "Say a word.") == "acknowledged"
    one.until(lambda seen: seen.state in READY and api.told("claude"), "the end of the turn")
    assert api.told("claude") == ["Say a word."]


def test_a_usage_limit_is_known_with_its_end(one: Bench) -> None:
    one.deliver("p1", "Spend it all.")
    seen = one.until(lambda seen: seen.state is AgentState.LIMITED, "the limit")
    assert seen.channel == "claude"
    assert seen.resets_at is not None
    assert time.gmtime(seen.resets_at // 1000)[3:5] == (15, 0)


def test_a_program_that_was_killed_has_ended_whatever_its_file_says(one: Bench) -> None:
    os.kill(one.seen().pid, 9)
    one.until(lambda seen: seen.state is AgentState.EXITED, "its end")
