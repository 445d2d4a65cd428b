"""Usage limits: an agent waits for the time that it was given, or longer each time, and is nudged once after each."""

from __future__ import annotations

import pytest
from play import Play, finding

from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.rules.agent_state.judge import judge, readings_from_hook
from gitorch.rules.agent_state.screen import Signal
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.usage.limits import FIRST_WAIT_MS, LONGEST_WAIT_MS, SETTLE_MS, wait_ms
from gitorch.rules.views.notices import due, event_of, notice
from gitorch.rules.views.why import why

API = JobId("api")
HOUR_MS = 3_600_000
LIMIT = (c.RecordLimit, c.Nudge, c.Escalate)


@pytest.fixture
def play():
    played = Play()
    played.begin({"api": (), "ui": ()})
    played.launch("api")
    return played


def look(play, state=AgentState.LIMITED, resets_at=None, later_ms=0):
    now = Moment(play.at + later_ms)
    seen = SessionObservation(
        True, True, state, was_ready=True, resets_at=resets_at, evidence="hook: rate_limit", changed_at=now
    )
    return Observed(now=now, sessions={play.session("api"): seen}, heads={}, checks={}, sent={})


def learned(play, **seen):
    return [one for one in reconcile(play.run, look(play, **seen)) if isinstance(one, LIMIT)]


def reach(play, **seen):
    (command,) = learned(play, **seen)
    assert isinstance(command, c.RecordLimit)
    play.do(command)
    return command.until


def test_a_limit_is_recorded_once_and_waited_out_until_the_time_that_was_given(play):
    until = reach(play, resets_at=Moment(play.at + 3 * HOUR_MS))
    assert until == play.at - 1000 + 3 * HOUR_MS
    left = until - play.at
    for state in (AgentState.LIMITED, AgentState.UNKNOWN, AgentState.WAITING, AgentState.ERROR):
        assert learned(play, state=state, resets_at=until, later_ms=left - 1) == []
    assert learned(play, state=AgentState.WAITING, resets_at=until, later_ms=left) == [c.Nudge(play.session("api"))]


def test_without_a_time_each_wait_is_twice_as_long_up_to_an_hour(play):
    assert [wait_ms(n) // 60_000 for n in (0, 1, 2, 3, 4, 99)] == [5, 10, 20, 40, 60, 60]
    assert reach(play) == play.at - 1000 + FIRST_WAIT_MS
    assert learned(play, later_ms=FIRST_WAIT_MS - 1001) == []
    assert learned(play, later_ms=FIRST_WAIT_MS) == [c.Nudge(play.session("api"))]
    play.at += FIRST_WAIT_MS
    play.do(c.Nudge(play.session("api")))
    assert learned(play) == [], "the nudge is on its way, and the sign of the limit is old"
    assert [type(one) for one in outstanding(play.run, look(play))].count(effects.DeliverPrompt) == 1
    play.told("api")
    assert learned(play, later_ms=SETTLE_MS - 2000) == []
    play.at += SETTLE_MS
    assert reach(play) == play.at - 1000 + 2 * FIRST_WAIT_MS
    assert LONGEST_WAIT_MS == HOUR_MS


@pytest.mark.parametrize("end", [-1, -(10**18), 10**15, 10**18])
def test_an_end_that_no_limit_has_is_none(play, end):
    assert reach(play, resets_at=Moment(end)) == play.at - 1000 + FIRST_WAIT_MS
    assert learned(play, resets_at=Moment(end)) == [], "nor is it another limit each time that it is seen"


def test_every_limit_of_an_attempt_gets_its_own_nudge(play):
    for _ in range(3):
        until = reach(play, resets_at=Moment(play.at + HOUR_MS))
        play.at = until
        play.do(c.Nudge(play.session("api")))
        play.told("api")
        play.at += 2 * SETTLE_MS
    assert play.run.sessions[play.session("api")].limits == 3


def test_an_agent_that_somebody_set_to_work_gets_no_nudge(play):
    until = reach(play, resets_at=Moment(play.at + HOUR_MS))
    assert learned(play, state=AgentState.WORKING, later_ms=until - play.at + 1) == []


def test_the_time_of_a_limit_is_no_silence(play):
    """The program has shown nothing since before its limit, and takes the nudge after it only later."""
    before = Moment(play.at)
    until = reach(play, resets_at=Moment(play.at + 9 * HOUR_MS))
    play.at = until
    play.do(c.Nudge(play.session("api")))
    seen = SessionObservation(True, True, AgentState.UNKNOWN, was_ready=True, evidence="screen", changed_at=before)
    for later, asked in ((0, 0), (HOUR_MS // 4, 0), (HOUR_MS, 1)):
        now = Moment(play.at + later)
        observed = Observed(now=now, sessions={play.session("api"): seen}, heads={}, checks={}, sent={})
        assert [type(one) for one in reconcile(play.run, observed)].count(c.Escalate) == asked, later


def test_an_agent_that_is_first_seen_at_its_limit_waits_for_it_as_any_other():
    played = Play()
    played.begin({"api": ()})
    played.grant("api")
    alive, limit, *_ = reconcile(played.run, look(played, resets_at=Moment(played.at + 2000)))
    assert (type(alive), type(limit)) == (c.MarkAlive, c.RecordLimit)
    played.do(alive)
    played.do(limit)
    assert played.run.sessions[played.session("api")].limited_until == limit.until
    assert learned(played, state=AgentState.WAITING, later_ms=2000) == [c.Nudge(played.session("api"))]


def test_a_limit_that_nobody_saw_before_its_end_is_recorded_and_nudged_once(play):
    over = Moment(play.at - 5)
    for state in (AgentState.UNKNOWN, AgentState.WORKING, AgentState.EXITED):
        assert not [one for one in learned(play, state=state, resets_at=over) if isinstance(one, c.RecordLimit)]
    assert reach(play, state=AgentState.WAITING, resets_at=over) == over
    assert learned(play, state=AgentState.WAITING, resets_at=over) == [c.Nudge(play.session("api"))]
    play.do(c.Nudge(play.session("api")))
    play.told("api")
    for later_ms in (0, 2 * SETTLE_MS, 2 * HOUR_MS):
        seen = learned(play, state=AgentState.WAITING, resets_at=over, later_ms=later_ms)
        assert not [one for one in seen if isinstance(one, c.RecordLimit)], "the sign of it is old"


def given(play):
    """The prompts that the agent of api is given at its prompt now."""
    owed = outstanding(play.run, look(play, state=AgentState.WAITING))
    prompts = {prompt.id: prompt for prompt in play.run.sessions[play.session("api")].prompts}
    return [prompts[one.prompt] for one in owed if isinstance(one, effects.DeliverPrompt) and one.prompt in prompts]


def test_an_agent_that_went_on_by_itself_and_reported_is_not_nudged(play):
    play.at = reach(play, resets_at=Moment(play.at + HOUR_MS))
    play.do(c.Nudge(play.session("api")))
    assert [prompt.kind for prompt in given(play)] == ["nudge"]
    play.submit_handoff("api")
    play.check("api")
    assert given(play) == []
    play.review("api.spec", "needs_revision", (finding(),))
    play.grant("api")
    assert [prompt.kind for prompt in given(play)] == ["findings"]


def test_others_go_on_while_one_waits(play):
    reach(play, resets_at=Moment(play.at + HOUR_MS))
    granted = [one.job for one in reconcile(play.run, look(play)) if isinstance(one, c.GrantLease)]
    assert granted == ["ui"]


def test_people_are_told_once_and_why_names_the_time(play):
    until = reach(play, resets_at=Moment(play.at + HOUR_MS))
    (name,) = due(play.run)
    assert (name, event_of(play.run, name)) == ("limit-s1-1", "limit")
    told = notice(play.run, name)
    assert told["text"].startswith("The agent of api (s1) has reached the usage limit of scripted and goes on at 2023-")
    assert told["command"] == f"gitorch why api --run {play.run.id}"
    assert "has reached the usage limit" in why(play.run, play.run.jobs[API])
    play.at = until
    play.do(c.Nudge(play.session("api")))
    assert due(play.run) == ()


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("rate_limit", AgentState.LIMITED),
        ("usageLimitExceeded", AgentState.LIMITED),
        ("overloaded", AgentState.ERROR),
        ("billing_error", AgentState.ERROR),
    ],
)
def test_a_hook_tells_a_usage_limit_from_other_errors(text, state):
    readings = readings_from_hook(Signal(Moment(5), "error", text))
    assert judge(readings, ready_seen=True, now=Moment(9))[0] is state
