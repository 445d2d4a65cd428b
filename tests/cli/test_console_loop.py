"""The loop of the console in its thread: what it keeps for the screen, when it calls, how it is parked, stopped and ends."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from cli_stage import RUN
from waiting import LIMIT_SECONDS, until

from gitorch.app.reconciler.loop import LoopResult
from gitorch.cli.console import loop_thread
from gitorch.cli.console.loop_thread import LoopThread
from gitorch.model.ids import RunId, SessionId


class Played:
    """A loop of gitorch that does what a test says, between two looks at whether it is to stop."""

    def __init__(self, monkeypatch, *acts) -> None:
        self.acts, self.begun = list(acts), []
        monkeypatch.setattr(loop_thread, "loop", self.loop)

    def loop(self, services, only, **words):
        self.begun.append((services, only, {name: words[name] for name in ("stay", "drives")}))
        act = self.acts.pop(0)
        return act(words)


def ended(thread: LoopThread) -> bool:
    return thread.join(LIMIT_SECONDS)


def settled(_) -> LoopResult:
    return LoopResult("settled", {})


def test_a_settled_loop_waits_for_the_next_run_and_one_that_does_not_stay_ends(stage, monkeypatch):
    stage.begin_run()
    looks = []
    monkeypatch.setattr(loop_thread, "unsettled_runs", lambda _: looks.append(1) or ([RUN] if len(looks) > 1 else []))
    tips = iter("aabbbbbb")
    monkeypatch.setattr(stage.ledger, "tip", lambda: next(tips))
    played = Played(monkeypatch, settled, lambda _: LoopResult("waiting", {}))
    made = LoopThread(stage.services, None, stay=True)
    made._stop.wait = lambda seconds: looks.append(seconds) if seconds != loop_thread.LOOK_SECONDS else None
    calls = []
    made.ended = lambda: calls.append("ended")
    made.start()
    assert ended(made)
    assert [(only, words) for _, only, words in played.begun] == [(None, {"stay": True, "drives": True})] * 2
    assert (made.result.why, made.error, calls, looks) == ("waiting", None, ["ended"], [1, 1])
    once = LoopThread(stage.services, RUN, stay=False)
    played.acts.append(settled)
    once.start()
    assert ended(once)
    assert once.result.why == "settled"
    assert played.begun[-1][1:] == (RUN, {"stay": False, "drives": True})


def test_what_is_recorded_after_the_end_of_a_run_is_shown(stage, monkeypatch):
    stage.begin_run()
    before = stage.run.records
    monkeypatch.setattr(loop_thread, "unsettled_runs", lambda _: [])

    def shows_and_ends(words):
        words["show"](SimpleNamespace(run=stage.run, observed=SimpleNamespace(sessions={}), silent=()))
        return settled(words)

    Played(monkeypatch, shows_and_ends)
    made = LoopThread(stage.services, None, stay=True)
    seen, waits = [], []

    def wait(_):
        waits.append(1)
        if len(waits) == 2:
            stage.launch("api")
        if len(waits) == 4:
            made.stop()

    made._stop.wait = wait
    made.changed = lambda: seen.append(made.take()[0][RUN].run.records)
    made.start()
    assert ended(made)
    assert (made.error, seen) == (None, [before, stage.run.records])
    assert stage.run.records > before


def test_only_a_run_that_the_loop_may_drive_is_work(stage, monkeypatch):
    monkeypatch.setattr(loop_thread, "unsettled_runs", lambda _: [RUN])
    for only, has_work in ((None, True), (RUN, True), (RunId("other"), False)):
        assert LoopThread(stage.services, only, stay=True)._has_work() is has_work
    monkeypatch.setattr(loop_thread, "unsettled_runs", lambda _: [])
    assert LoopThread(stage.services, None, stay=True)._has_work() is False
    stopped = LoopThread(stage.services, None, stay=True)
    stopped.stop()
    assert stopped._await_runs() is False


def ticked(stage, silent=()):
    sessions = {SessionId("s1"): SimpleNamespace(screen="a screen", agent="working")}
    return SimpleNamespace(run=stage.run, observed=SimpleNamespace(sessions=sessions), silent=silent)


def test_the_screen_is_called_once_for_what_is_new_and_takes_all_of_it(stage, monkeypatch):
    stage.begin_run().launch("api")
    monkeypatch.setattr(loop_thread, "agent_words", lambda _, sessions: {one: sessions[one].agent for one in sessions})
    made, calls = LoopThread(stage.services, None, stay=True), []
    made.changed = lambda: calls.append("changed")
    made._show(ticked(stage))
    made._show(ticked(stage, ("tmux",)))
    assert calls == ["changed"]
    fresh, sentence = made.take()
    shown = fresh[RUN]
    assert (shown.run, shown.silent, sentence) == (stage.run, ("tmux",), "")
    assert (shown.agents, shown.screens) == ({"s1": "working"}, {"s1": "a screen"})
    assert made.take() == ({}, "")
    made._show(ticked(stage, ("tmux",)))
    assert calls == ["changed"], "nothing is new"
    made.say("git push has run for 5 s")
    made.say("git push has run for 6 s")
    assert calls == ["changed"] * 2
    assert made.take()[1] == "git push has run for 6 s"
    made.say("again")
    made.take()
    made._show(ticked(stage, ("tmux",)))
    assert calls == ["changed"] * 4, "the sentence has gone"
    assert made.take()[1] == ""
    nobody = ticked(stage)
    nobody.observed.sessions = None
    monkeypatch.setattr(loop_thread, "agent_words", lambda *_: {})
    made._show(nobody)
    assert made.take()[0][RUN].screens == {}


def test_a_loop_is_parked_between_two_steps_goes_on_and_is_stopped(stage, monkeypatch):
    steps = []

    def turning(words):
        while not words["stopping"]():
            steps.append(1)
        return LoopResult("stopped", {})

    Played(monkeypatch, turning)
    made = LoopThread(stage.services, RUN, stay=True)
    assert made.park(0) is True, "it has not begun"
    made.go_on()
    made.start()
    assert made.park(LIMIT_SECONDS) is True
    count = len(steps)
    assert made._parked.is_set()
    assert len(steps) == count
    made.go_on()
    until(lambda: len(steps) > count, what="the next step")
    assert not made._parked.is_set()
    assert made.park(LIMIT_SECONDS) is True
    made.stop()
    assert ended(made)
    assert made.result.why == "stopped"
    assert made.join() is True


def test_a_step_that_takes_long_is_not_parked_and_an_error_is_kept(stage, monkeypatch):
    goes_on = threading.Event()

    def long_step(_):
        goes_on.wait(LIMIT_SECONDS)
        raise ZeroDivisionError

    Played(monkeypatch, long_step)
    made = LoopThread(stage.services, RUN, stay=True)
    calls = []
    made.ended = lambda: calls.append("ended")
    made.start()
    assert made.park(0) is False
    goes_on.set()
    assert ended(made)
    assert (type(made.error), calls) == (ZeroDivisionError, ["ended"])
    assert made._parked.is_set()
    assert made._thread.daemon
    assert made._thread.name == "gitorch-loop"


@pytest.mark.parametrize("seconds", [None, 0.0])
def test_a_loop_that_has_ended_can_be_waited_for(stage, monkeypatch, seconds):
    Played(monkeypatch, lambda _: LoopResult("broken", {}))
    made = LoopThread(stage.services, None, stay=True)
    made.start()
    assert made.join(seconds or LIMIT_SECONDS) is True
