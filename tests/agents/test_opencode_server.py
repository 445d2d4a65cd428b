"""OpenCode in the pane, spoken to through its own server."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from bench import KEY, Bench, bench
from mind import Cue, Mind
from programs import PROGRAMS
from stage import COMMAND
from test_acp import HUNDRED
from waiting import until

from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

NAME = "opencode"


@pytest.fixture
def one(tmp_path: Path, api: StandIn) -> Iterator[Bench]:
    """OpenCode with one turn behind it."""
    if not PROGRAMS[NAME].installed:
        pytest.skip(f"{NAME} is not installed: make agents")
    api.mind = Mind(
        Cue(r"\AMake", says="I make a folder.", runs=COMMAND),
        Cue(r"\AWork", says="It takes a while.", seconds=600),
        Cue("", says="Done."),
    )
    with bench(tmp_path, api, NAME) as made:
        made.start("Say hello.")
        until(lambda: api.told(NAME), 120, what="its first turn")
        made.until(lambda seen: seen.channel == NAME and seen.state in READY, "its prompt")
        yield made


def test_a_hundred_texts_reach_the_model_byte_for_byte_and_are_acknowledged(one: Bench, api: StandIn) -> None:
    receipts = []
    for number, text in enumerate(HUNDRED):
        receipts.append(one.deliver(f"p{number}", text))
        one.until(lambda seen: seen.state in READY, "its prompt again")
    assert api.told(NAME)[1:] == HUNDRED
    assert receipts == ["acknowledged"] * 100


def test_a_request_is_told_and_answered_and_a_turn_interrupted_through_the_server(one: Bench, api: StandIn) -> None:
    one.deliver("p1", "Make a folder.")
    seen = one.until(lambda seen: seen.request, "the request")
    assert (seen.state, seen.request.text, seen.request.command) == (AgentState.DIALOG, COMMAND, COMMAND)
    assert one.give("p2", "Not now.").startswith("refused")
    assert one.terminals.answer(KEY, PermissionAnswer(COMMAND, Option.ONCE, "python3 .*")) == "answered"
    until((one.cwd / "made-by-the-agent").exists, 60, what="what was allowed")
    one.until(lambda seen: seen.state in READY, "the end of the turn")

    one.deliver("p3", "Make a folder again.")
    one.until(lambda seen: seen.request, "the second request")
    one.tmux("send-keys", "-t", KEY.name, "Escape")
    one.until(lambda seen: seen.request is None, "a human to have rejected it at the pane")
    one.until(lambda seen: seen.state in READY, "the end of the turn")

    one.deliver("p4", "Work a while.")
    one.until(lambda seen: seen.state is AgentState.WORKING, "work")
    assert one.terminals.interrupt(KEY) == "interrupted"
    one.until(lambda seen: seen.state in READY, "its prompt again")


def test_nobody_without_the_password_is_answered(one: Bench) -> None:
    argv = one.terminals._channels._chains[KEY][1]._channels[0]._site.launch.argv
    port = int(argv[argv.index("--port") + 1])
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(b"GET /permission HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b" 401 " in client.recv(100)
