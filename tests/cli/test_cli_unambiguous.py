"""What could mean several things is hinted at as it was typed, with the name that it lacks."""

from __future__ import annotations

import json
import shlex

import pytest
from cli_stage import RUN
from test_cli_suggestions import OTHERS, beside_others

from gitorch.cli.unambiguous import unambiguous
from gitorch.errors import Usage
from gitorch.verbs.table import VERBS

SEVERAL = Usage("several runs are open", "gitorch status auth-7f3a", "auth-7f3a")
ASKS_FOR_A_RUN = (
    ("approve",),
    ("approve", "--yes"),
    ("reject", "--note", "too wide"),
    ("propose",),
    ("report",),
    ("reject", "--note", "too wide", "--json"),
    ("diff", "api"),
    ("pause",),
    ("resume",),
    ("cancel",),
    ("recover",),
    ("status",),
    ("why", "api"),
    ("retry", "api"),
    ("peek", "api"),
    ("send", "api", "Use C99"),
)
"""Calls that name no run."""


@pytest.mark.parametrize("words", ASKS_FOR_A_RUN, ids=" ".join)
def test_a_verb_without_its_run_is_offered_with_one(stage, words):
    stage.begin_run()
    beside_others(stage)

    refused = stage.gitorch(*words)
    assert refused.status == 2, refused.out + refused.err
    hint = shown_hint(refused)
    assert hint.startswith(shlex.join(["gitorch", *words]))
    again = stage.gitorch(*shlex.split(hint)[1:])
    assert again.status != 2 or "nobody can be asked" in again.err
    assert any(run in hint for run in (RUN, *OTHERS))


def shown_hint(answer) -> str:
    """The command that an error offers, as JSON or as text."""
    if answer.out:
        return json.loads(answer.out)["error"]["hint"]
    return answer.err.partition("try: ")[2].strip()


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (("cancel",), SEVERAL, "gitorch cancel auth-7f3a"),
        (("approve",), SEVERAL, "gitorch approve --run auth-7f3a"),
        (("session", "list"), SEVERAL, "gitorch session list auth-7f3a"),
        (("keys", "list"), SEVERAL, ""),
        (("answer", "q1", "--", "-1"), SEVERAL, ""),
        (("nonsense",), SEVERAL, ""),
        (("cancel",), Usage("a word is missing", "gitorch cancel --help"), ""),
        (("approve", "au"), Usage("", "x", "auth-7f3a", "au"), "gitorch approve auth-7f3a"),
        (("retry", "a", "a note"), Usage("", "x", "api", "a"), "gitorch retry api 'a note'"),
        (("answer", "q1", "push-b"), Usage("", "x", "push_back", "push_b"), ""),
    ],
)
def test_the_missing_name_stands_where_the_verb_takes_it(words, error, hint):
    assert unambiguous(words, error) == hint


@pytest.mark.parametrize(
    "verb", [verb for verb in VERBS.values() if any(one.completes == "run" for one in verb.parameters)]
)
def test_every_verb_that_takes_a_run_can_be_offered_with_one(verb):
    words = verb.name.split(" ")
    hint = unambiguous(words, SEVERAL)
    assert hint in {f"gitorch {verb.name} auth-7f3a", f"gitorch {verb.name} --run auth-7f3a"}
