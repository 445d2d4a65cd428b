"""Codex's control channel with the program itself: states and how soon they are known, a human at the pane, and servers that fail."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bench import bench
from mind import Cue, Mind
from programs import PROGRAMS
from rounds import ROUNDS, Rounds
from stage import BUSY, COMMAND, ESCALATED
from waiting import until

from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.world.channels.app_server import AppServer
from gitorch.world.terminal.template import CONTROL_SOCKET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench import Bench
    from stand_in import StandIn

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.agents,
    pytest.mark.skipif(not PROGRAMS["codex"].installed, reason="codex is not installed: make agents"),
]

KNOWN_SECONDS = 3.0
TAKEN_OVER_SECONDS = 5.0
SLOW = Cue(r"\AKeep working", says="It takes a while.", seconds=60)
ASKS = Cue(r"\AMake a folder", says="I make a folder.", runs=COMMAND, arguments=ESCALATED)
LIMITED = Cue(r"\AUse it up", resets_seconds=3600)
FAILS = Cue(r"\AFail", fault="400")
DONE = Cue("", says="Done.")
MIND = (SLOW, ASKS, LIMITED, FAILS, DONE)


@pytest.fixture
def codex(tmp_path: Path, api: StandIn) -> Iterator[Bench]:
    """Codex at its prompt, with one turn behind it, and gitorch as its client."""
    api.mind = Mind(*MIND)
    with bench(tmp_path, api, "codex") as one:
        one.start("Say hello.")
        one.until(lambda seen: seen.channel == "codex" and seen.state in READY and api.told("codex"), "its prompt")
        yield one


def sent(one: Bench, text: str) -> str:
    sent.count += 1
    return one.give(f"t{sent.count}", text)


sent.count = 0


def test_each_state_is_known_at_once_and_none_is_wrong(codex: Bench) -> None:
    rounds = Rounds(codex, "codex")

    def note(state: str, act: Callable[[], object], *wanted: AgentState) -> None:
        began = time.monotonic()
        assert act() in {"acknowledged", "answered", "interrupted"}
        rounds.reach(state, began, wanted)

    answer = PermissionAnswer(COMMAND, Option.REJECT, "")
    for _ in range(ROUNDS):
        note("at work", lambda: sent(codex, BUSY), AgentState.WORKING)
        note("idle after an interrupt", lambda: codex.terminals.interrupt(codex.key), *READY)
        note("waits for permission", lambda: sent(codex, "Make a folder now."), AgentState.DIALOG)
        note("idle after a refused permission", lambda: codex.terminals.answer(codex.key, answer), *READY)
        note("limited, with its end", lambda: sent(codex, "Use it up."), AgentState.LIMITED)
        assert codex.seen().resets_at is not None
        note("failed", lambda: sent(codex, "Fail now."), AgentState.ERROR)
    rounds.end()
    rounds.hold(KNOWN_SECONDS)


def test_texts_of_any_kind_arrive_beside_a_half_written_line_which_stays(codex: Bench, api: StandIn) -> None:
    codex.tmux("send-keys", "-t", codex.key.name, "-l", "a half line")
    until(lambda: "a half line" in codex.screen(), what="the half line")
    texts = ["One line.", "Three\n  `lines` $(id)\n!ls", "/quit", "!rm is not for you", "\ttabs\t", "x" * 10_000]
    for text in texts:
        assert codex.deliver(f"k{len(text)}{texts.index(text)}", text) == "acknowledged"
        codex.until(lambda seen: seen.state in READY, "the end of the turn")
    assert api.told("codex")[1:] == texts
    assert "a half line" in codex.screen()


def test_a_human_at_the_pane_is_noticed_and_answers_the_request_there(codex: Bench, api: StandIn) -> None:
    keys = ("send-keys", "-t", codex.key.name)
    codex.tmux(*keys, "-l", "Keep working for me")
    # Codex takes a key right behind a burst of letters for a part of a paste.
    until(lambda: "Keep working for me" in codex.screen(), what="the human's line")
    codex.terminals._clock.sleep(0.3)
    codex.tmux(*keys, "Enter")
    codex.until(lambda seen: seen.state is AgentState.WORKING and seen.channel == "codex", "the human's turn")
    assert sent(codex, "And this?") == "refused: the agent works on a turn"
    codex.tmux(*keys, "Escape")
    codex.until(lambda seen: seen.state in READY, "the end of the interrupted turn")

    assert sent(codex, "Make a folder now.") == "acknowledged"
    asked = codex.until(lambda seen: seen.request, "the request")
    assert (asked.request.command, asked.request.folder) == (COMMAND, str(codex.cwd))
    until(lambda: "Would you like to run" in codex.screen(), what="its dialog")
    codex.tmux(*keys, "y")
    until((codex.cwd / "made-by-the-agent").exists, what="what the human allowed")
    codex.until(lambda seen: seen.state in READY and seen.request is None, "the end of the request")
    answer = PermissionAnswer(COMMAND, Option.ONCE, "")
    assert codex.terminals.answer(codex.key, answer).startswith("refused: ")
    codex.tmux(*keys, "-l", "/quit")

    def ends() -> bool:
        codex.tmux(*keys, "Enter")
        return codex.seen().state is AgentState.EXITED

    until(ends, every_seconds=1, what="its end")
    assert "And this?" not in api.told("codex")


def server_of(one: Bench) -> int:
    """The process id of the app-server, as the kernel names it."""
    marked = f"app-server --listen unix://{one.terminals._home}"
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        if marked in words and "/vendor/" in words.split()[0]:
            return int(path.parent.name)
    raise AssertionError("no server runs")


def test_a_killed_server_costs_the_channel_for_a_moment(codex: Bench, api: StandIn) -> None:
    os.kill(server_of(codex), signal.SIGKILL)
    began = time.monotonic()
    seen = codex.until(lambda seen: seen.channel == "terminal", "the next channel")
    assert time.monotonic() - began < TAKEN_OVER_SECONDS
    assert list(seen.skipped) == ["codex"]
    codex.until(lambda seen: seen.channel == "codex" and seen.state in READY, "the channel again")
    assert codex.seen().skipped == {}
    assert codex.deliver("after", "After all.") == "acknowledged"
    codex.until(lambda seen: seen.state in READY, "the end of the turn")
    assert api.told("codex") == ["Say hello.", "After all."]


def test_a_socket_that_is_gone_is_said_while_the_connection_lives_on_and_is_missed_by_who_comes_later(
    codex: Bench,
) -> None:
    path = codex.terminals._home / "sessions" / codex.key.run / codex.key.session / CONTROL_SOCKET
    assert AppServer(path.readlink()).call("thread/loaded/list", {}).result["data"]
    path.readlink().unlink()
    path.unlink()
    assert codex.deliver("still", "Still here?") == "acknowledged"


def test_nothing_of_a_server_is_left_after_its_session(codex: Bench) -> None:
    path = codex.terminals._home / "sessions" / codex.key.run / codex.key.session / CONTROL_SOCKET
    target, server = path.readlink(), server_of(codex)
    assert oct(target.lstat().st_mode & 0o777) == "0o600"
    assert oct(path.parent.stat().st_mode & 0o777) == "0o700"
    os.kill(codex.seen().pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{server}").exists(), what="the end of the server")
    until(lambda: not target.exists() and not target.with_name(f"{target.name}.lock").exists(), what="no socket")


def test_a_codex_without_an_app_server_is_typed_to(
    tmp_path: Path, api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.mind = Mind(*MIND)
    older = tmp_path / "older"
    older.mkdir()
    real = PROGRAMS["codex"].bin / "codex"
    script = f'#!/bin/sh\nfor word; do [ "$word" = app-server ] && exit 2; done\nexec {real} "$@"\n'
    (older / "codex").write_text(script)
    (older / "codex").chmod(0o755)
    monkeypatch.setenv("PATH", f"{older}{os.pathsep}{os.environ['PATH']}")
    with bench(tmp_path, api, "codex") as one:
        one.start("Say hello.")
        one.until(lambda seen: seen.state is AgentState.WAITING and api.told("codex"), "its prompt")
        assert one.seen().channel == "terminal"
        assert one.deliver("p1", "Go on.") != "unknown"
        one.until(lambda seen: seen.state in READY, "the end of the turn")
        assert api.told("codex") == ["Say hello.", "Go on."]
