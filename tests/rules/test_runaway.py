"""Agents that run away: asked about once, ended before the machine is in danger, and neither without a limit (T29)."""

from __future__ import annotations

import pytest
from play import SETTINGS, Play

from gitorch.model import commands as c
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.values import replace
from gitorch.rules.reconcile import reconcile

SEEN = SessionObservation(True, True, AgentState.WORKING, 7, was_ready=True, changed_at=Moment(0), evidence="hook")


def begun(lane_memory: int = 0, **settings: int) -> Play:
    play = Play()
    play.begin({"api": ()}, replace(SETTINGS, **settings))
    if lane_memory:
        lanes = {name: replace(lane, memory_mib=lane_memory) for name, lane in play.run.workflow.lanes.items()}
        play.state = replace(play.state, run=replace(play.run, workflow=replace(play.run.workflow, lanes=lanes)))
    play.launch("api")
    return play


def learned(play: Play, **shown: object) -> list[c.Command]:
    observation = replace(SEEN, changed_at=play.at, **shown)
    seen = Observed(play.at, dict.fromkeys(play.run.sessions, observation), None)
    return [x for x in reconcile(play.run, seen) if isinstance(x, c.Escalate | c.EndSession)]


@pytest.mark.parametrize(("memory", "asked"), [(0, False), (1000, False), (1001, True), (2000, True)])
def test_memory_beyond_its_limit_is_put_to_a_human(memory: int, asked: bool) -> None:
    found = learned(begun(memory_mib_max=1000), memory_mib=memory)
    assert [x.trigger for x in found] == (["stuck:api:1:memory:1"] if asked else [])
    if asked:
        assert f"holds {memory} MiB" in found[0].happened
        assert found[0].options == ("go_on", "retry", "stop_epic", "stop_run")


def test_at_twice_its_limit_an_agent_is_ended_whether_or_not_it_is_asked_about() -> None:
    play = begun(memory_mib_max=1000)
    play.do(*learned(play, memory_mib=1500))
    assert learned(play, memory_mib=2000) == [], "asked about once"
    (end,) = learned(play, memory_mib=2001)
    assert (type(end), end.how) == (c.EndSession, "memory: 2001 MiB")
    play.do(end)
    assert play.run.jobs[JobId("api")].deaths == 1, "and its job goes to a new one"


def test_who_may_go_on_may_hold_as_much_again() -> None:
    play = begun(memory_mib_max=1000)
    play.do(*learned(play, memory_mib=1500))
    play.answer("q1", "go_on")
    assert learned(play, memory_mib=1999) == []
    assert learned(play, memory_mib=4000)[0].trigger == "stuck:api:1:memory:1"
    assert isinstance(learned(play, memory_mib=4001)[0], c.EndSession)


def test_a_lane_says_what_its_own_agents_may_hold() -> None:
    assert learned(begun(lane_memory=5000, memory_mib_max=1000), memory_mib=4000) == []
    assert len(learned(begun(lane_memory=500, memory_mib_max=1000), memory_mib=600)) == 1


@pytest.mark.parametrize(("requests", "asked"), [(0, False), (300, False), (301, True)])
def test_a_storm_of_requests_is_put_to_a_human(requests: int, asked: bool) -> None:
    play = begun(requests_max=300)
    found = learned(play, requests=requests)
    assert [x.trigger for x in found] == (["stuck:api:1:requests:1"] if asked else [])
    if asked:
        play.do(*found)
        play.answer("q1", "go_on")
        assert learned(play, requests=600) == []


def test_without_a_limit_nobody_is_asked_and_nothing_is_ended() -> None:
    assert learned(begun(), memory_mib=10**6, requests=10**6) == []
