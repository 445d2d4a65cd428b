"""Kinds of words that many verbs take: each verb that takes a run works on that run and on no other."""

from __future__ import annotations

import json

import pytest
from cli_scenes import reworked
from cli_stage import Stage

from gitorch.verbs.table import TABLE

NAMES = {
    "job": "api",
    "question": "q1",
    "what": "api",
    "key": "tests.command",
    "value": "true",
    "thing": "api",
    "name": "api",
    "words": "x",
    "text": "x",
}
VALUES = {
    "outcome": "accepted",
    "status": "DONE",
    "choice": "accept",
    "verdict": "accept",
    "kind": "jobs",
    "session": "s1",
}
MORE = {
    "reject": ("--note", "x"),
    "decide": ("--note", "x"),
    "send": ("x",),
    "session send": ("x",),
    "list": ("jobs",),
}
NAMED = [verb for verb in TABLE.values() if any(one.name == "run" and one.is_option for one in verb.parameters)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory) -> Stage:
    return reworked(Stage(tmp_path_factory.mktemp("stage")))


@pytest.mark.parametrize("verb", NAMED, ids=lambda verb: verb.name)
def test_a_verb_on_a_run_that_does_not_exist_names_it_and_does_nothing(stage, verb):
    words = verb.name.split()
    for one in verb.parameters:
        if not one.is_option and one.required:
            words.append(NAMES.get(one.name) or VALUES.get(one.name) or "x")
    words += MORE.get(verb.name, ())
    before = stage.ledger.tip()
    answer = stage.gitorch(*words, "--run", "nope", "--json")
    error = json.loads(answer.out).get("error", {"message": answer.out})
    assert answer.status == 3
    assert "no run nope" in error["message"]
    assert stage.ledger.tip() == before
