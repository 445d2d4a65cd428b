"""A human in the pane of a program that gitorch speaks to over a channel: noticed, never overwritten, and a settled question withdrawn."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from alone import alone
from bench import bench
from house import house
from matrix import ACP
from mind import Cue, Mind
from programs import PROGRAMS
from stage import BUSY_SECONDS, COMMAND, ESCALATED, HALF
from story import STORY
from waiting import until

from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

ALLOWS = {"claude": ("1",), "codex": ("y",), "opencode": ("Enter",)}
"""The keys that allow what is asked for; in the pane of a host it is the number of the answer."""

INTERRUPTS = {"opencode": ("Escape", "Escape")}
"""The keys that end a turn, else Escape."""

JOINED = {"qwen": "Keep working for me\n"}
"""What stands above the next text, of programs that give their model an interrupted text and the next one as one."""

LAST_LINES = (
    Cue(r"^Keep working.*\Z", says="It takes a while.", seconds=BUSY_SECONDS),
    Cue(r"^Make a folder.*\Z", says="I make a folder.", runs=COMMAND, arguments=ESCALATED),
    Cue("", says="Done."),
)
"""The answers to what is said, by its last line."""

CLOSES = {"opencode": "C-c"}
AGAIN_SECONDS = 2
RUN_SECONDS = 300


def keys_that_allow(name: str, session: Path) -> tuple[str, ...]:
    """What a human presses who allows the pending request."""
    if name not in ACP:
        return ALLOWS[name]
    request = json.loads((session / "control/acp.json").read_text())["request"]
    kinds = [choice["kind"] for choice in (request or {}).get("choices", [])]
    return (str(kinds.index("allow_once") + 1), "Enter") if kinds else ()


def press_until(done: Callable[[], object], press: Callable[[], None], what: str) -> None:
    """Press keys, again every two seconds: a program that is drawing may lose one."""
    pressed = 0.0

    def done_at_last() -> object:
        nonlocal pressed
        if not done() and time.monotonic() > pressed + AGAIN_SECONDS:
            press()
            pressed = time.monotonic()
        return done()

    until(done_at_last, RUN_SECONDS, 0.1, what=what)


@pytest.mark.parametrize("name", ["opencode", *sorted(ACP)])
def test_a_human_types_interrupts_answers_and_closes_and_nothing_is_overwritten(
    tmp_path: Path, api: StandIn, name: str
) -> None:
    needs(name)
    api.mind = Mind(*LAST_LINES)
    with bench(tmp_path, api, name) as one:

        def keys(*words: str) -> None:
            one.tmux("send-keys", "-t", one.key.name, *words)
            one.terminals._clock.sleep(0.3)

        one.begin("Say hello.")
        one.until(lambda seen: seen.state in READY and seen.channel != "terminal" and api.told(name), "its prompt")
        keys("-l", "Keep working for me")
        keys("Enter")
        one.until(lambda seen: seen.state is AgentState.WORKING and seen.channel != "terminal", "the human's turn")
        until(lambda: api.told(name)[-1] == "Keep working for me", 60, what="the human's text")
        assert one.give("t1", "And this?").startswith("refused: ")
        for key in INTERRUPTS.get(name, ("Escape",)):
            keys(key)
        one.until(lambda seen: seen.state in READY, "the end of the interrupted turn")

        keys("-l", HALF)
        assert one.deliver("t2", "Make a folder now.") == "acknowledged"
        seen = one.until(lambda seen: seen.request, "the request")
        assert (seen.request.command, seen.request.folder) == (COMMAND, str(one.cwd))
        assert HALF in one.screen() or name == "opencode", "OpenCode shows its dialog in place of the line"
        if name in ACP:
            keys("C-u")
        session = one.terminals._home / "sessions" / one.key.run / one.key.session
        made = one.cwd / "made-by-the-agent"
        press_until(made.exists, lambda: keys(*keys_that_allow(name, session)), "what the human allowed")
        one.until(lambda seen: seen.state in READY and seen.request is None, "the end of the turn")
        assert one.terminals.answer(one.key, PermissionAnswer(COMMAND, Option.ONCE, "")).startswith("refused: ")
        assert HALF in one.screen() or name in ACP
        press_until(
            lambda: one.seen().state is AgentState.EXITED, lambda: keys(CLOSES.get(name, "C-d")), "the end of it"
        )
        assert [text for text in api.told(name) if text != "Say hello."] == [
            "Keep working for me",
            f"{JOINED.get(name, '')}Make a folder now.",
        ]


ASKED = "python3 -c 'print(1)' &&\n  touch made"


@pytest.mark.parametrize("name", ["claude", "codex", "opencode", *sorted(ACP)])
def test_a_request_that_a_human_settles_in_the_pane_is_withdrawn(tmp_path: Path, api: StandIn, name: str) -> None:
    needs(name)
    asks = Cue(r"# other: ", says="I try it.", runs=ASKED, arguments=ESCALATED)
    api.mind = Mind(asks, Cue(r"\nafter .*touch made", says="Done.", seconds=600), *STORY)
    with house(tmp_path, "repo") as home:
        alone(home, api, name)
        home.start("other")
        home.up_beside("--wait")
        until(lambda: home.records("escalated", job="other"), RUN_SECONDS, 0.2, what="the question")
        (question,) = home.records("escalated", job="other")
        (row,) = home("session", "list", "--json").json["sessions"]
        channel = "acp" if name in ACP else name
        assert (row["channel"], row["skipped"], row["agent"]) == (channel, {}, "dialog: permission")

        run = home.status()["id"]
        session = home.path / ".git/gitorch/sessions" / run / row["id"]
        tmux = ["env", "-u", "TMUX_TMPDIR", "tmux", "-L", home.socket, "send-keys", "-t", f"={run}_{row['id']}:"]

        def press() -> None:
            for key in keys_that_allow(name, session):
                subprocess.run([*tmux, key], check=True)

        made = home.worktrees / run / "other/made"
        press_until(made.exists, press, "what the human allowed")
        until(lambda: home.records("question-withdrawn"), RUN_SECONDS, 0.2, what="the withdrawal")
        (withdrawn,) = home.records("question-withdrawn")
        assert withdrawn["question"] == question["question"]
        assert home.records("permission-answered") == [], "gitorch answered nothing"


def needs(name: str) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
