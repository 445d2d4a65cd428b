"""Budgets of what agents use: said at 80 %, a question and no new prompt at 100 %, not before and not later."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from play import SETTINGS, Play, workflow

from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.plans.allowance import Allowance
from gitorch.model.values import replace
from gitorch.model.work.usage import ModelUsage, UsageReading
from gitorch.rules.guards.granting import may_be_granted
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.reconciling.withdrawals import withdrawals
from gitorch.rules.usage.budgets import is_held
from gitorch.rules.views.run import run_view

API, UI = JobId("api"), JobId("ui")
BUDGETS = (c.NoteBudget, c.Escalate)
SCOPES = {"run": "run_budget", "epic": "epic_budget", "lane": "lane_budget"}


def played(**budgets: Allowance) -> Play:
    play = Play()
    play.begin({"api": (), "ui": ()}, replace(SETTINGS, **budgets))
    play.launch("api")
    return play


def reading(tokens: int, cents: int = 0) -> UsageReading:
    return UsageReading("claude", (ModelUsage("opus", input=tokens, cached=10**9, cost_micros=cents * 10_000),))


def use(play: Play, tokens: int, cents: int = 0, job: str = "api") -> None:
    play.do(c.RecordUsage(play.session(job), reading(tokens, cents)))


def look(play: Play, tokens: int = 0, state: AgentState = AgentState.WORKING, later_ms: int = 0) -> Observed:
    now = Moment(play.at + later_ms)
    seen = SessionObservation(True, True, state, was_ready=True, usage=reading(tokens), changed_at=now)
    return Observed(now=now, sessions={play.session("api"): seen}, heads={}, checks={}, sent={})


def learned(play: Play, observed: Observed | None = None) -> list[c.Command]:
    return [one for one in reconcile(play.run, observed or look(play)) if isinstance(one, BUDGETS)]


def carry_out(play: Play) -> list[str]:
    """What the loop records of budgets: the triggers of notes and questions."""
    commands = [one for one in learned(play) if play.do(one)]
    return [one.budget if isinstance(one, c.NoteBudget) else one.trigger for one in commands]


@pytest.mark.parametrize("scope", sorted(SCOPES))
@pytest.mark.parametrize("measure", ["tokens", "cents"])
def test_a_budget_is_said_at_80_percent_and_asked_about_at_its_end_once_each(scope, measure):
    play = played(**{SCOPES[scope]: Allowance(**{measure: 1000})})
    amounts = {"tokens": lambda n: (n, 0), "cents": lambda n: (0, n)}[measure]
    use(play, *amounts(799))
    assert carry_out(play) == []
    use(play, *amounts(800))
    (noted,) = carry_out(play)
    assert noted.startswith(f"budget:{measure}:{scope}:")
    assert carry_out(play) == [], "said once"
    use(play, *amounts(999))
    assert carry_out(play) == []
    assert not is_held(play.run, API), "not before its end"
    use(play, *amounts(1000))
    assert carry_out(play) == [noted]
    assert learned(play) == [], "asked once"
    assert is_held(play.run, API)
    assert "100 %" in " ".join(run_view(play.run).notes)


def test_what_reaches_a_mark_is_recorded_at_once_although_the_agent_works():
    play = played(epic_budget=Allowance(tokens=1000))
    use(play, 100)
    for tokens, recorded in ((799, False), (800, True), (1000, True)):
        commands = reconcile(play.run, look(play, tokens))
        assert any(isinstance(one, c.RecordUsage) for one in commands) is recorded, tokens


def test_a_spent_budget_gives_no_prompt_and_no_new_lease_until_it_is_granted_again():
    play = played(epic_budget=Allowance(tokens=1000))
    play.do(c.Nudge(play.session("api")))
    at_prompt = look(play, state=AgentState.IDLE)
    assert any(isinstance(one, effects.DeliverPrompt) for one in outstanding(play.run, at_prompt))
    use(play, 1000)
    carry_out(play)
    at_prompt = look(play, state=AgentState.IDLE, later_ms=10_000_000)
    assert not any(isinstance(one, effects.DeliverPrompt) for one in outstanding(play.run, at_prompt))
    assert not any(isinstance(one, c.Escalate) for one in reconcile(play.run, at_prompt)), "its silence is no question"
    assert may_be_granted(play.run, play.run.jobs[UI]), "another epic goes on"
    (question,) = play.run.open_questions()
    assert question.options == ("go_on", "stop_epic", "stop_run")
    play.answer(question.id, "go_on")
    assert any(isinstance(one, effects.DeliverPrompt) for one in outstanding(play.run, at_prompt))
    use(play, 1600)
    assert carry_out(play) == ["budget:tokens:epic:api"], "80 % of as much again"
    use(play, 2000)
    assert carry_out(play) == ["budget:tokens:epic:api"]


def test_a_review_counts_for_its_epic_and_another_lane_is_not_held():
    flow = workflow({"api": (), "ui": ()})
    lane = replace(flow.lanes["reviewer"], budget=Allowance(tokens=50))
    play = Play()
    limits = replace(SETTINGS, epic_budget=Allowance(tokens=1000))
    play.begin({}, limits, replace(flow, lanes={**flow.lanes, "reviewer": lane}))
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    play.launch("api.spec")
    use(play, 60, job="api.spec")
    assert carry_out(play) == ["budget:tokens:lane:reviewer"]
    assert is_held(play.run, JobId("api.spec"))
    assert may_be_granted(play.run, play.run.jobs[UI]), "the implementers go on"
    use(play, 1000, job="api.spec")
    assert carry_out(play) == ["budget:tokens:epic:api"]
    assert is_held(play.run, API)


def test_minutes_count_while_somebody_holds_the_job():
    play = played(epic_budget=Allowance(minutes=10))
    assert learned(play, look(play, later_ms=7 * 60_000)) == []
    (noted,) = learned(play, look(play, later_ms=8 * 60_000))
    assert isinstance(noted, c.NoteBudget)
    (asked,) = learned(play, look(play, later_ms=10 * 60_000))
    assert isinstance(asked, c.Escalate)
    play.at += 9 * 60_000
    play.submit_handoff("api")
    play.at += 60 * 60_000
    (noted,) = learned(play)
    assert noted.used == 9, "an epic that waits for its review uses none"


def test_turns_are_the_prompts_that_were_delivered():
    play = played(run_budget=Allowance(turns=2))
    assert carry_out(play) == []
    play.do(c.Nudge(play.session("api")))
    play.told("api")
    assert carry_out(play) == ["budget:turns:run:"]
    assert not may_be_granted(play.run, play.run.jobs[UI])


def test_a_larger_budget_withdraws_the_question():
    play = played(run_budget=Allowance(tokens=1000))
    use(play, 1000)
    carry_out(play)
    assert list(withdrawals(play.run, look(play))) == []
    larger = replace(play.run.settings, run_budget=Allowance(tokens=5000))
    raised = replace(play.run, settings=larger)
    (withdrawn,) = withdrawals(raised, look(play))
    assert withdrawn.reason == "its budget is larger by now"


@settings(max_examples=30)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(1, 2000))
def test_a_question_comes_exactly_when_the_budget_is_used_up(steps, limit):
    play = played(run_budget=Allowance(tokens=limit))
    used = 0
    for step in steps:
        used += step
        use(play, used)
        carry_out(play)
        assert is_held(play.run, API) is (used >= limit)
        assert bool(play.run.open_questions()) is (used >= limit)
