"""`stats`: figures over all runs, for people and programs."""

from __future__ import annotations

import json

import pytest

from gitorch.model import commands as c
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
