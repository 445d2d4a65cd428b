"""Counting what sessions use: no token counts twice, in whatever order and however often totals are recorded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from play import Play, finding

from gitorch.model import commands as c
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.work.usage import ModelUsage, UsageReading, by_model, total
from gitorch.rules.reconcile import reconcile
from gitorch.rules.usage.counting import RECORD_MS, growth, model_of, used

API = JobId("api")
COUNTS = ("input", "cached", "cache_write", "output", "reasoning", "requests", "cost_micros")
COUNT = st.integers(0, 50)
USAGE = st.builds(ModelUsage, st.sampled_from(["opus", "haiku"]), **dict.fromkeys(COUNTS, COUNT))
READING = st.lists(USAGE, max_size=4).map(lambda usages: UsageReading("claude", by_model(usages)))


def played() -> Play:
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    return play


@pytest.fixture
def play() -> Play:
    return played()


def record(play: Play, reading: UsageReading) -> None:
    play.do(c.RecordUsage(play.session("api"), reading))


def session(play: Play):
    return play.run.sessions[play.session("api")]


def opus(**counts: int) -> UsageReading:
    return UsageReading("claude", (ModelUsage("opus", **counts),))


def look(play: Play, reading: UsageReading, state: AgentState, later_ms: int = 0) -> list[c.Command]:
    seen = SessionObservation(True, True, state, was_ready=True, usage=reading, changed_at=Moment(play.at + later_ms))
    now = Moment(play.at + later_ms)
    observed = Observed(now=now, sessions={play.session("api"): seen}, heads={}, checks={}, sent={})
    return [one for one in reconcile(play.run, observed) if isinstance(one, c.RecordUsage)]


@settings(max_examples=25)
@given(st.lists(READING, min_size=1, max_size=5), st.data())
def test_totals_recorded_in_any_order_and_any_number_of_times_come_to_the_same(readings, data):
    play, other = played(), played()
    again = data.draw(st.permutations([*readings, *readings]))
    for one in readings:
        record(play, one)
    for one in again:
        record(other, one)
    assert used(session(play)) == used(session(other))


@given(READING)
def test_what_is_recorded_grows_no_more_and_is_exactly_what_was_read(reading):
    play = played()
    record(play, reading)
    told = tuple(usage for usage in reading.models if not usage.is_nothing)
    assert used(session(play)) == told
    assert growth(session(play), reading.models) == ()
    records = play.run.records
    record(play, reading)
    assert play.run.records == records, "nothing new, no record"


def test_growth_counts_for_the_attempt_in_which_it_came(play):
    record(play, opus(input=100))
    play.submit_handoff("api")
    play.check("api")
    play.review("api.spec", "needs_revision", (finding(),))
    play.grant("api")
    record(play, opus(input=150))
    assert [(one.attempt, one.usage.input) for one in session(play).spent] == [(1, 100), (2, 50)]


def test_tokens_from_a_cache_are_no_fresh_ones():
    usage = ModelUsage("opus", input=1, cached=20, cache_write=300, output=4000, reasoning=500)
    assert (usage.fresh, usage.tokens) == (4301, 4321)


def test_the_model_is_the_one_that_served_most(play):
    assert model_of(play.run, session(play)) == ""
    models = (ModelUsage("haiku", cached=900, output=1), ModelUsage("opus", output=5))
    record(play, UsageReading("claude", models))
    assert model_of(play.run, session(play)) == "opus"


def test_the_first_growth_is_recorded_at_once_and_later_growth_when_the_agent_rests_or_after_a_while(play):
    reading, more = opus(input=1), opus(input=2)
    assert look(play, reading, AgentState.WORKING) == [c.RecordUsage(play.session("api"), reading)]
    record(play, reading)
    assert look(play, reading, AgentState.IDLE) == []
    assert look(play, more, AgentState.WORKING) == []
    assert look(play, more, AgentState.WORKING, RECORD_MS) == [c.RecordUsage(play.session("api"), more)]
    assert look(play, more, AgentState.IDLE) == [c.RecordUsage(play.session("api"), more)]


def test_what_a_session_used_until_its_end_is_recorded_before_its_end(play):
    seen = SessionObservation(False, True, AgentState.EXITED, usage=opus(input=7))
    observed = Observed(now=Moment(play.at), sessions={play.session("api"): seen}, heads={}, checks={}, sent={})
    learned = [type(one) for one in reconcile(play.run, observed)]
    assert learned.index(c.RecordUsage) < learned.index(c.EndSession)


def test_what_comes_after_the_end_of_a_session_is_not_its_own(play):
    record(play, opus(input=7))
    ended = play.session("api")
    play.do(c.EndSession(ended, "killed"))
    play.do(c.RecordUsage(ended, opus(input=9)))
    assert total(used(play.run.sessions[ended])).input == 7
