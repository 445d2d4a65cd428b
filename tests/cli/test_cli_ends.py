# ruff: noqa: ARG002 stand-ins take what their ports pass
"""How a call ends and what follows: signals, the answer of `up`, the console that was left, and the hook of a program."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from contextlib import redirect_stdout
from pathlib import Path
from threading import current_thread
from types import SimpleNamespace

import pytest
from cli_stage import RUN, Stage
from waiting import until

from gitorch.app.reconciler.loop import LoopResult
from gitorch.cli import hook, main, stopping
from gitorch.cli.boundary import Detailed
from gitorch.cli.call import NO_TERMINAL, Streams
from gitorch.cli.console import session
from gitorch.cli.console.session import Ended
from gitorch.cli.interruption import Interrupted
from gitorch.cli.verbs import status, terminal, up
from gitorch.errors import Failed
from gitorch.model.ids import JobId, Moment, SessionId
from gitorch.model.values import replace
from gitorch.model.work.run import RunPhase
from gitorch.model.work.session import SessionKey
from gitorch.rules.views.presence import agent_words

ASKS = Streams(asks=True, draws=True, columns=80, lines=3, controls=True)


def printed(work) -> str:
    """What the work prints on standard output."""
    out = io.StringIO()
    with redirect_stdout(out):
        work()
    return out.getvalue()


def test_a_signal_stops_between_two_ticks_and_a_second_one_at_once():
    told = []
    before = signal.getsignal(signal.SIGTERM)
    with stopping.Stopping() as asked:
        asked.then = told.append
        assert not asked()
        signal.raise_signal(signal.SIGTERM)
        assert (asked(), asked.by) == (True, signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert told == [signal.SIGTERM, signal.SIGINT]
    assert signal.getsignal(signal.SIGTERM) is before
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stopping.Stopping():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    signal.signal(signal.SIGHUP, ignored)


def test_a_hook_appends_to_an_open_file_and_asks_for_an_answer_only_with_a_time(tmp_path, monkeypatch):
    signals = tmp_path / "signals"
    waited = []
    monkeypatch.setenv("GITORCH_SIGNALS", str(signals))
    monkeypatch.setattr(hook, "_text", lambda: "ü")
    monkeypatch.setattr(hook, "_await_answer", lambda *words: waited.append(words))
    for words in ([], ["Stop"], ["Ask", "x"], ["Ask", "0"], ["Ask", "30"]):
        hook.hook(words)
    lines = [json.loads(line) for line in signals.read_text(encoding="ascii").splitlines()]
    assert [(line["event"], line["text"], line.get("wait")) for line in lines] == [
        ("", "ü", None),
        ("Stop", "ü", None),
        ("Ask", "ü", None),
        ("Ask", "ü", None),
        ("Ask", "ü", 30),
    ]
    assert waited == [(str(signals), lines[-1]["id"], 30)]
    assert {len(str(line["at"])) for line in lines} == {13}, "milliseconds"
    assert (len(lines[-1]["id"]), signals.stat().st_mode & 0o777) == (16, 0o600)
    monkeypatch.setenv("GITORCH_SIGNALS", str(tmp_path / "gone" / "signals"))
    hook.hook(["Ask", "30"])
    assert len(waited) == 1
    monkeypatch.setattr(hook, "_text", lambda: pytest.fail("it reads nothing"))
    monkeypatch.setenv("GITORCH_SIGNALS", "")
    hook.hook(["Ask", "30"])


def ticked(stage: Stage, *, paused: bool = False):
    """The last tick of a loop over the run of a stage."""
    run = replace(stage.run, phase=RunPhase.PAUSED) if paused else stage.run
    observed = SimpleNamespace(sessions=stage.terminals.observe([SessionKey(RUN, SessionId("s1"))]), now=Moment(0))
    return SimpleNamespace(run=run, observed=observed, written=(1, 2), silent=("tmux",), over=False)


def test_the_end_of_the_loop_is_told_with_what_waits_and_what_goes_on(stage):
    stage.begin_run().launch("api")
    made, tick = stage.call(), ticked(stage)
    one = LoopResult("settled", {RUN: tick}, ())
    assert up._living_agents(one) == "1 agent continues"
    assert up._living_agents(LoopResult("settled", {}, ())) == "no agent is running"
    assert up._values(made, tick).keys() == {"view", "records", "silent", "over"}
    assert (up._values(made, tick)["records"], up._values(made, tick)["silent"], up._values(made, tick)["over"]) == (
        2,
        ("tmux",),
        False,
    )
    assert up._agents(tick) == agent_words(tick.run, tick.observed.sessions)
    assert up._text(LoopResult("settled", {}, ()), (), made.page) == "No run is open. Start one: gitorch start PLAN"
    with pytest.raises(Interrupted) as left:
        up._conclude(made, replace(one, why="stopped"), signal.SIGTERM)
    assert (str(left.value), left.value.status) == (
        "stopped between two ticks; 1 agent continues. Continue: gitorch up",
        143,
    )
    with pytest.raises(Detailed) as broken:
        up._conclude(made, replace(one, errors=(Failed("first"), Failed("second"))), None)
    assert (broken.value.error.message, broken.value.lines, broken.value.details) == (
        "first",
        ("gitorch: second",),
        {"waiting": ()},
    )
    out = printed(lambda: up._conclude(made, one, None))
    assert out.startswith("auth-7f3a  running  Sign in → main\n")
    stage.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which?",))
    waiting = LoopResult("waiting", {RUN: ticked(stage)}, ())
    with pytest.raises(Detailed) as asked:
        up._conclude(made, waiting, None)
    assert (asked.value.error.message, asked.value.error.hint) == (
        "waiting for you: 1 question",
        'gitorch answer q1 "…"',
    )
    assert asked.value.details["paused"] == []
    with pytest.raises(Detailed) as held:
        up._conclude(made, LoopResult("waiting", {RUN: ticked(stage, paused=True)}, ()), None)
    assert held.value.error.message == "waiting for you: run auth-7f3a is paused, 1 question"
    assert (held.value.error.hint, held.value.details["paused"]) == ("gitorch resume auth-7f3a", [RUN])
    assert held.value.details["waiting"][0].id == "q1"
    assert JobId("api") == held.value.details["waiting"][0].job


@pytest.mark.parametrize(
    ("streams", "environ", "encoding", "as_json", "shown"),
    [
        (ASKS, {"TERM": "xterm"}, "UTF-8", False, True),
        (ASKS, {"TERM": "xterm"}, "utf8", False, True),
        (ASKS, {"TERM": "xterm"}, "utf-8", True, False),
        (replace(ASKS, asks=False), {"TERM": "xterm"}, "utf-8", False, False),
        (replace(ASKS, controls=False), {"TERM": "xterm"}, "utf-8", False, False),
        (ASKS, {"TERM": "dumb"}, "utf-8", False, False),
        (ASKS, {}, "utf-8", False, False),
        (ASKS, {"TERM": "xterm"}, "latin-1", False, False),
    ],
)
def test_a_console_is_shown_where_a_person_can_see_and_use_it(
    stage, monkeypatch, streams, environ, encoding, as_json, shown
):
    stage.streams, stage.environ = streams, environ
    made = stage.call()
    made.json = as_json
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(encoding=encoding))
    assert up.has_console(made) is False
    stage.begin_run()
    assert up.has_console(made) is shown


@pytest.mark.parametrize(
    ("how", "why", "by", "ending"),
    [
        (
            "left",
            "",
            None,
            "gitorch up was left in the middle of a step, which the next one repeats. Continue: gitorch up",
        ),
        ("left", "stopped", None, "You have left the console; 1 agent continues. Continue: gitorch up"),
        ("interrupted", "stopped", None, 130),
        ("interrupted", "stopped", signal.SIGTERM, 143),
        ("ended", "settled", None, "auth-7f3a  running"),
    ],
)
def test_the_console_that_was_left_ends_with_a_sentence_or_a_status(stage, monkeypatch, how, why, by, ending):
    stage.begin_run().launch("api")
    made, asked = stage.call(), stopping.Stopping()
    asked.by = by
    result = LoopResult(why, {RUN: ticked(stage)}) if why else None
    begun = []
    monkeypatch.setattr(
        session, "run_console", lambda *words, **named: begun.append((words, named)) or Ended(how, result)
    )
    if isinstance(ending, int):
        with pytest.raises(Interrupted) as left:
            up._run_console(made, RUN, asked, stay=True)
        assert (left.value.status, str(left.value)) == (
            ending,
            "stopped between two ticks; 1 agent continues. Continue: gitorch up",
        )
    else:
        assert printed(lambda: up._run_console(made, RUN, asked, stay=True)).startswith(ending)
    assert begun == [((made, RUN, asked), {"stay": True})]


class Loop:
    """A loop of the console that has ended, or has not."""

    def __init__(self, services, only, *, stay) -> None:
        self.made = Loop.last = (only, stay)
        self.result, self.error, self.stopped, self.say = "the result", None, 0, print

    def stop(self) -> None:
        self.stopped += 1

    def join(self, seconds) -> bool:
        assert seconds == session.END_SECONDS
        return Loop.ends


class Shown:
    """A console that was left at once."""

    def __init__(self, call, ticks, terminal, flows) -> None:
        self.ticks, self.bug = ticks, Shown.broken

    def run(self):
        return Shown.how

    def leave_on_signal(self) -> None:
        self.ticks.stop()


@pytest.mark.parametrize(
    ("how", "ends", "ended"),
    [
        ("left", True, Ended("left", "the result")),
        (None, True, Ended("left", "the result")),
        ("ended", False, Ended("ended", None)),
    ],
)
def test_a_session_of_the_console_waits_for_its_loop_and_raises_a_bug(stage, monkeypatch, how, ends, ended):
    class Guard:
        def watching(self):
            return self

        def __enter__(self):
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to give back."""

    monkeypatch.setattr(session, "LoopThread", Loop)
    monkeypatch.setattr(session, "Console", Shown)
    monkeypatch.setattr(session, "TerminalGuard", Guard)
    monkeypatch.setenv("COLUMNS", "7")
    monkeypatch.setenv("LINES", "7")
    Loop.ends, Shown.how, Shown.broken = ends, how, None
    asked = stopping.Stopping()
    made = stage.begin_run().call()
    assert session.run_console(made, RUN, asked, stay=True) == ended
    assert Loop.last == (RUN, True)
    assert not {"COLUMNS", "LINES"} & session.os.environ.keys()
    let_go = []
    monkeypatch.setattr(session, "let_go", lambda: let_go.append("gone"))
    monkeypatch.setattr(session, "_end_for_sure", lambda ticks: let_go.append((ticks.made, current_thread().daemon)))
    asked.then(signal.SIGTERM)
    assert let_go == []
    asked.then(signal.SIGHUP)
    until(lambda: len(let_go) == 2)
    assert let_go == ["gone", ((RUN, True), True)], "the thread must not keep a process that can end by itself"
    Shown.broken = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        session.run_console(made, RUN, asked, stay=False)
    assert NO_TERMINAL.columns == 0


HERE, HOSTED = "this folder and environment", "its word and this environment"


@pytest.mark.parametrize(
    ("words", "done"),
    [
        (["hook", "Stop", "x"], [("hook", (["Stop", "x"],))]),
        (["mcp"], [("serve", HERE)]),
        (["acp-host", "a"], [("host", HOSTED), ("status", 5)]),
        (["list", "x"], [("run", (["list", "x"], "the call")), ("status", 7)]),
        (["mcp", "--help"], [("run", (["mcp", "--help"], "the call")), ("status", 7)]),
    ],
)
def test_the_first_word_decides_what_is_loaded(monkeypatch, words, done):
    seen = []
    told = {HERE: (str(Path.cwd()), dict(os.environ)), HOSTED: (["a"], os.environ)}

    def note(name, value=None):
        return lambda *given: seen.append((name, given)) or value

    monkeypatch.setattr("gitorch.cli.hook.hook", note("hook"))
    monkeypatch.setattr("gitorch.mcp.server.serve", note("serve"))
    monkeypatch.setattr("gitorch.world.acp.host.main", note("host", 5))
    monkeypatch.setattr("gitorch.cli.boundary.run", note("run", 7))
    monkeypatch.setattr("gitorch.cli.call.from_process", lambda: "the call")
    thresholds = []
    monkeypatch.setattr(main.gc, "set_threshold", thresholds.append)
    monkeypatch.setattr(main.gc, "freeze", lambda: None)
    monkeypatch.setattr(sys, "argv", ["gitorch", *words])
    try:
        main.main()
    except SystemExit as end:
        seen.append(("status", end.code))
    assert seen == [(name, told.get(given, given) if isinstance(given, str) else given) for name, given in done]
    assert thresholds == ([] if words[0] == "hook" else [main.GARBAGE_AFTER])


def test_an_agent_s_terminal_is_opened_outside_of_tmux_or_said_to_be_missing(stage, monkeypatch):
    stage.begin_run().launch("api")
    stage.streams, stage.environ = ASKS, {"TMUX": "a", "TMUX_PANE": "b", "NAME": "c"}
    stage.terminals.attach_argv = lambda key: ("tmux", str(key.session))
    became = []
    monkeypatch.setattr(terminal.os, "execvpe", lambda *words: became.append(words))
    assert stage.gitorch("attach", "api").status == 0
    assert became == [("tmux", ("tmux", "s1"), {"NAME": "c"})]

    def missing(*_):
        raise FileNotFoundError(2, "No such file")

    monkeypatch.setattr(terminal.os, "execvpe", missing)
    assert stage.gitorch("attach", "api").err == "gitorch: tmux cannot be run: No such file\n  try: gitorch doctor\n"


def test_a_watched_run_is_looked_at_again_with_each_record_and_with_each_pulse(stage, monkeypatch):
    stage.begin_run()
    monkeypatch.setattr(status, "BLINK_SECONDS", status.PULSE_SECONDS / 2)
    slept = []
    stage.clock.sleep = slept.append
    before = stage.ledger.tip()
    status._wait_for_change(stage.services, before)
    assert slept == [status.BLINK_SECONDS] * 2
    slept.clear()
    status._wait_for_change(stage.services, "another tip")
    assert slept == []
