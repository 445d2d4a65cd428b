"""Leases when clocks jump (W13): no job is given out twice, no living session loses its own, and the number tells who is late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from play import OPERATOR, SETTINGS, Play

from gitorch.errors import GitorchError, Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model import events as e
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.values import replace
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile

HOURS = 3_600_000
API = JobId("api")
BY_HAND = replace(SETTINGS, manual=True, test_command="")


def by_hand() -> Play:
    play = Play()
    play.begin({"api": ()}, BY_HAND)
    play.claim("api")
    return play


def living() -> Play:
    play = Play()
    play.begin({"api": ()}, replace(SETTINGS, test_command=""))
    play.launch("api")
    return play


def looked(play: Play) -> Observed:
    """The session is there and has just shown something."""
    observation = SessionObservation(True, True, AgentState.WORKING, changed_at=Moment(play.at))
    return Observed(Moment(play.at), dict.fromkeys(play.run.sessions, observation), {})


@pytest.mark.parametrize("hours", [-100, -5, 5, 100])
def test_a_living_session_keeps_its_lease_whichever_way_the_clock_jumps(hours: int) -> None:
    play = living()
    play.at += hours * HOURS
    learned = reconcile(play.run, looked(play))
    assert {type(command) for command in learned} <= {c.RenewLease}
    assert not any(isinstance(owed, effects.StopSession) for owed in outstanding(play.run, looked(play)))
    for command in learned:
        play.do(command)
    play.do(c.ExpireLeases())
    with pytest.raises(Refused):
        play.grant("api")
    play.submit_handoff("api")
    assert play.run.jobs[API].phase == "submitted"


def test_a_clock_that_goes_back_takes_no_lease_away_and_gives_none_twice() -> None:
    play = by_hand()
    play.at -= 5 * HOURS
    play.do(c.ExpireLeases(), OPERATOR)
    assert play.do(c.Heartbeat(play.run.sessions["s1"].token), OPERATOR) == ()
    with pytest.raises(Refused, match="has its lease"):
        play.claim("api")
    play.submit_handoff("api")
    assert play.run.jobs[API].phase == "submitted"


def test_after_a_clock_that_goes_ahead_the_number_tells_who_is_late_and_nothing_is_lost() -> None:
    play = by_hand()
    play.at += 5 * HOURS
    play.do(c.ExpireLeases(), OPERATOR)
    play.at -= 5 * HOURS
    play.do(c.RequeueJob(API, "again"), OPERATOR)
    play.claim("api")
    assert (play.run.jobs[API].fence, play.session("api")) == (2, "s2")
    (kept,) = play.submit_handoff("api", by="s1")
    assert isinstance(kept, e.LateHandoffKept)
    assert kept.fence == 1
    with pytest.raises(Refused, match="lease 1 of api is over; the newest is 2"):
        play.submit_handoff("api", fence=1)
    play.submit_handoff("api", fence=2)


STEPS = st.lists(
    st.one_of(
        st.sampled_from(["claim", "expire", "heartbeat", "requeue", "release", "old"]),
        st.integers(-200, 200).map(lambda hours: hours * HOURS),
    ),
    max_size=25,
)


@given(STEPS)
def test_however_clocks_jump_one_lease_stands_and_its_number_grows(steps) -> None:
    play = by_hand()
    granted = [1]
    for step in steps:
        if isinstance(step, int):
            play.at += step
            continue
        try:
            happened = _taken(play, step)
        except GitorchError:
            continue
        granted += [event.fence for event in happened if isinstance(event, e.JobClaimed)]
        assert not any(isinstance(event, e.HandoffSubmitted) for event in happened), "only an older session handed in"
    assert granted == sorted(set(granted))
    lease = play.run.jobs[API].lease
    assert lease is None or lease.fence == granted[-1] == play.run.jobs[API].fence


def _taken(play: Play, step: str) -> tuple[object, ...]:
    sessions = list(play.run.sessions.values())
    if step == "claim":
        return play.claim("api")
    if step == "old":
        return play.submit_handoff("api", by=sessions[-2].id) if len(sessions) > 1 else ()
    token = sessions[-1].token
    commands = {
        "expire": c.ExpireLeases(),
        "heartbeat": c.Heartbeat(token),
        "release": c.ReleaseLease(token),
        "requeue": c.RequeueJob(API, "again"),
    }
    return play.do(commands[step], OPERATOR)
