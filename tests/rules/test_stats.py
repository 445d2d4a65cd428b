"""Figures over many runs: each piece of work counts once, for its author, and each token for whoever used it."""

from __future__ import annotations

import json

import pytest
from play import Play, finding
from scene_book import SCENES, scene

from gitorch.model import commands as c
from gitorch.model.ids import JobId
from gitorch.model.plans.prices import Price, PriceList
from gitorch.model.work.usage import ModelUsage, UsageReading
from gitorch.rules.views.stats import GROUPINGS, part_of, rows, stats


def use(play: Play, job: str, model: str, tokens: int) -> None:
    usage = ModelUsage(model, input=tokens, cached=7, cost_micros=500_000)
    play.do(c.RecordUsage(play.session(job), UsageReading("claude", (usage,))))


@pytest.fixture
def play() -> Play:
    """`api` passes at its second round after a finding, `ui` at its first."""
    played = Play()
    played.begin({"api": (), "ui": ()})
    played.launch("api")
    use(played, "api", "opus", 100)
    played.at += 600_000
    played.submit_handoff("api")
    played.check("api")
    played.launch("api.spec")
    use(played, "api.spec", "haiku", 5)
    played.judge("api.spec", "needs_revision", (finding(), finding("minor", "It is long")))
    played.launch("api")
    played.do(
        c.Escalate("stuck:api:2", "It hangs.", "nothing", "its screen", "Retry?", ("retry", "stop_epic"), JobId("api"))
    )
    question = played.run.open_questions()[-1]
    played.answer(question.id, "retry")
    played.submit_handoff("api", replies=played.fixed("api"))
    played.check("api")
    played.review("api.spec")
    played.review("api.quality")
    played.finish("ui")
    return played


def test_work_counts_once_with_its_rounds_findings_and_escalations(play):
    (row,) = stats([play.run])
    assert (row.name, row.epics, row.passed, row.passed_at_once, row.rounds) == ("all", 2, 2, 1, 3)
    assert row.findings == {"blocking": 1, "minor": 1}
    assert row.escalations == 1
    assert (row.tokens, row.cached, row.cost_micros) == (105, 14, 1_000_000)
    assert row.minutes == 10
    assert (row.passed_words, row.rounds_words) == ("1 of 2 (50 %)", "1.5")


def test_tokens_count_for_the_model_that_used_them_and_work_for_its_author(play):
    rows = {row.name: row for row in stats([play.run], "model")}
    assert (rows["haiku"].tokens, rows["haiku"].epics) == (5, 0)
    assert rows["opus"].tokens == 100
    lanes = {row.name: row for row in stats([play.run], "lane")}
    assert (lanes["implementer"].epics, lanes["reviewer"].epics, lanes["reviewer"].tokens) == (2, 0, 5)
    epics = {row.name: row for row in stats([play.run], "epic")}
    assert epics[f"{play.run.id} api"].tokens == 105, "a review counts for the epic that it judges"


@pytest.mark.parametrize("by", ["", *GROUPINGS])
def test_every_grouping_has_the_same_sums(play, by):
    (whole,) = stats([play.run, play.run])
    rows = stats([play.run, play.run], by)
    for name in ("epics", "passed", "passed_at_once", "rounds", "escalations", "tokens", "cached", "cost_micros"):
        assert sum(getattr(row, name) for row in rows) == getattr(whole, name), name


def test_what_each_run_adds_can_be_kept_as_json_and_summed_later(play):
    prices = PriceList(per_million={"opus": Price(input=2)})
    for by in ("", *GROUPINGS):
        kept = json.loads(json.dumps(part_of(play.run, by)))
        assert rows([kept, kept], prices) == stats([play.run, play.run], by, prices)


@pytest.mark.parametrize("name", SCENES)
def test_every_grouping_of_every_scene_comes_to_the_same_sums(name):
    run = scene(name).state.run
    if run is None:
        return
    (whole,) = stats([run]) or ((),)
    for by in GROUPINGS:
        parts = stats([run], by)
        for figure in ("epics", "passed", "escalations", "tokens", "cached", "cost_micros"):
            assert sum(getattr(part, figure) for part in parts) == getattr(whole, figure, 0), (by, figure)


@pytest.mark.parametrize("job", ["approval", "merge"])
def test_an_escalation_about_a_job_without_a_lane_counts_once(play, job):
    (before,) = stats([play.run])
    ask = c.Escalate(f"stuck:{job}", "It stands.", "nothing", "its words", "Retry?", ("retry", "stop_run"), JobId(job))
    play.do(ask)
    for by in GROUPINGS:
        assert sum(part.escalations for part in stats([play.run], by)) == before.escalations + 1, by
