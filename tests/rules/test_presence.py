"""Whether an agent is there and what it does, in a word each (P41)."""

from __future__ import annotations

import pytest
from play import HOST, HUMAN, SETTINGS, Play

from gitorch.model import commands as c
from gitorch.model.ids import JobId, Moment, SessionId
from gitorch.model.observed import AgentState, SessionObservation
from gitorch.model.values import replace
from gitorch.rules.views.presence import agent_words, presence, session_rows

S1 = SessionId("s1")
READY = SessionObservation(True, True, AgentState.WORKING, 7, was_ready=True)


@pytest.fixture
def play() -> Play:
    play = Play()
    play.begin({"api": (), "ui": ()}, replace(SETTINGS, silence_seconds=60, lease_seconds=600))
    play.launch("api")
    return play


def seen(play: Play, after_seconds: float = 0, **changes) -> str:
    now = Moment(play.at + int(after_seconds * 1000))
    observation = replace(READY, changed_at=Moment(play.at), **changes)
    return presence(play.run, play.run.sessions[S1], {S1: observation}, now)


@pytest.mark.parametrize(
    ("after_seconds", "changes", "word"),
    [
        (0, {}, "alive"),
        (60, {}, "alive"),
        (60.001, {}, "stale"),
        (601, {"state": AgentState.IDLE}, "stale"),
        (0, {"state": AgentState.EXITED}, "dead"),
        (0, {"present": False}, "dead"),
        (0, {"present": False, "started": False}, "unknown"),
        (0, {"state": AgentState.DIALOG}, "alive"),
    ],
)
def test_a_session_is_alive_stale_dead_or_unknown(play, after_seconds, changes, word):
    assert seen(play, after_seconds, **changes) == word


def test_presence_is_unknown_when_nobody_could_look(play):
    assert presence(play.run, play.run.sessions[S1], None, Moment(play.at)) == "unknown"
    assert presence(play.run, play.run.sessions[S1], {}, Moment(play.at)) == "unknown"
    assert agent_words(play.run, None) == {"s1": "unknown"}


def test_an_agent_that_waits_at_its_gate_may_be_silent(play):
    play.submit_handoff("api")
    assert seen(play, 500) == "alive"


@pytest.mark.parametrize(
    ("state", "present", "word"),
    [
        (AgentState.WORKING, True, "working"),
        (AgentState.IDLE, True, "idle"),
        (AgentState.WAITING, True, "waiting"),
        (AgentState.DIALOG, True, "dialog"),
        (AgentState.EXITED, True, "exited"),
        (AgentState.WORKING, False, "exited"),
    ],
)
def test_an_agent_is_what_its_terminal_shows(play, state, present, word):
    assert agent_words(play.run, {S1: replace(READY, state=state, present=present)}) == {"s1": word}


def test_an_agent_is_stuck_or_blocked_while_a_human_is_asked_about_it(play):
    play.do(c.Escalate("stuck:api:1", "Silent.", "A nudge.", "> _", "Go on?", ("retry",), JobId("api"), S1))
    assert agent_words(play.run, {S1: READY}) == {"s1": "stuck"}
    play.launch("ui")
    play.submit_handoff("ui", "BLOCKED", blocker="No schema", clears="Migration 12")
    assert agent_words(play.run, {S1: READY, SessionId("s2"): READY}) == {"s1": "stuck", "s2": "blocked"}
    play.answer("q2", "cleared")
    assert agent_words(play.run, {SessionId("s2"): READY})["s2"] == "working"


def test_ended_sessions_are_not_listed(play):
    play.do(c.EndSession(S1, "stopped"))
    assert presence(play.run, play.run.sessions[S1], {}, Moment(play.at)) == "dead"
    assert session_rows(play.run, {}, Moment(play.at)) == ()
    play.do(c.CancelRun("enough"), HUMAN)


def test_a_row_names_the_channel_in_use_and_those_that_do_not_answer(play):
    play.do(c.NoteSilentChannel(S1, "claude", "it keeps no state file"), HOST)
    now = Moment(play.at)

    def row(observations):
        (found,) = session_rows(play.run, observations, now)
        return found.channel, dict(found.skipped)

    at_terminal = replace(READY, channel="terminal")
    assert row({S1: at_terminal}) == ("terminal", {"claude": "it keeps no state file"})
    assert row({S1: replace(at_terminal, skipped={"claude": "gone"})}) == ("terminal", {"claude": "gone"})
    assert row({S1: replace(READY, channel="claude")}) == ("claude", {})
    assert row(None) == ("", {"claude": "it keeps no state file"})
