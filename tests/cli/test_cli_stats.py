"""`stats`: figures over all runs, for people and programs."""

from __future__ import annotations

import json

import pytest

from gitorch.model import commands as c
from gitorch.model.plans.prices import Price, PriceList
from gitorch.model.values import replace
from gitorch.model.view import StatsRow
from gitorch.model.work.usage import ModelUsage, UsageReading


def test_stats_shows_one_row_for_all_runs_and_one_for_each_group(stage):
    stage.begin_run({"api": (), "docs": ()}).finish("api")
    session = stage.run.jobs["api"].session
    usage = ModelUsage("opus", input=51_200, cached=1_100_000, cost_micros=120_000)
    stage.launch("docs")
    working = stage.run.jobs["docs"].session
    stage.do(c.RecordUsage(working, UsageReading("claude", (usage,))))
    assert session is not None

    out = stage.gitorch("stats").out
    assert "passed at once" in out
    assert "1 of 1 (100 %)" in out
    assert "51.2k" in out
    assert "$0.12" in out
    values = json.loads(stage.gitorch("stats", "--by", "model", "--json").out)
    assert values["by"] == "model"
    assert {row["name"]: row["tokens"] for row in values["rows"]}["opus"] == 51_200
    assert "used 51.2k tokens, 1.1M from caches, $0.12" in " ".join(stage.gitorch("status").out.split())


def test_the_user_s_own_prices_estimate_costs_and_name_what_has_none(stage):
    stage.begin_run({"api": (), "docs": ()}).launch("api")
    models = (ModelUsage("haiku", input=120), ModelUsage("opus", input=1_000_000, output=100_000))
    stage.do(c.RecordUsage(stage.run.jobs["api"].session, UsageReading("claude", models)))
    assert "Estimated" not in stage.gitorch("stats").out
    listed = PriceList("2026-11-29", "EUR", {"opus": Price(input=5, output=25)})
    stage.config = replace(stage.config, prices=listed)
    out = stage.gitorch("stats").out
    assert "Estimated in EUR by your prices of 2026-11-29" in out
    assert "  all: 7.50, without 120 tokens" in out
    values = json.loads(stage.gitorch("stats", "--by", "model", "--json").out)
    assert {row["name"]: row["estimated_micros"] for row in values["rows"] if row["tokens"]} == {
        "haiku": 0,
        "opus": 7_500_000,
    }
    assert values["prices"]["currency"] == "EUR"


def test_redone_lines_have_a_column_where_there_are_any(stage, monkeypatch):
    stage.begin_run().finish("api")
    assert "redone" not in stage.gitorch("stats").out
    row = StatsRow("all", 1, 1, 1, 1, {}, 0, 0, 0, 0, 0, redone=12)
    monkeypatch.setattr("gitorch.app.query.stats.stats_of", lambda *_: (row,))
    head, line = stage.gitorch("stats").out.splitlines()
    assert (head.split()[-1], line.split()[-1]) == ("redone", "12")
    assert json.loads(stage.gitorch("stats", "--json").out)["rows"][0]["redone"] == 12


def test_stats_without_a_run_says_how_to_start_one(stage):
    assert stage.gitorch("stats").out == "There is no run yet. Start one: gitorch start PLAN\n"


@pytest.mark.parametrize("by", ["agent", "model", "lane", "epic"])
def test_every_grouping_is_shown(stage, by):
    stage.begin_run().finish("api")
    assert stage.gitorch("stats", "--by", by).status == 0


def test_another_grouping_is_refused_with_the_known_ones(stage):
    answer = stage.gitorch("stats", "--by", "stars")
    assert answer.status == 2
    assert "epic" in answer.err
