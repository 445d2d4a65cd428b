"""Every refusal of the app says what is wrong and gives a command to type, whatever the caller asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_stage import Stage
from refusal_kit import (
    CALLER,
    OTHER,
    RUN,
    SITUATIONS,
    filled,
    started,
)
from refusals_of_beginnings import BEGINNINGS
from refusals_of_faults import FAULTS
from refusals_of_imports import IMPORTS
from refusals_of_proposals import PROPOSALS
from refusals_of_queries import LOOKUPS, PEOPLE, RECORDS
from refusals_of_work import SESSIONS, START, WORK

from gitorch.app.executing.execute import Caller, execute, only_people
from gitorch.app.people import decisions
from gitorch.app.query import lookup, questions
from gitorch.errors import Denied, NotFound, Usage
from gitorch.model import commands as c
from gitorch.model.record import Actor, ActorKind

CASES = [*LOOKUPS, *PEOPLE, *RECORDS, *START, *SESSIONS, *WORK, *IMPORTS, *FAULTS, *BEGINNINGS, *PROPOSALS]


@pytest.fixture
def stage(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    return Stage(folder=folder)


@pytest.mark.parametrize(("situation", "act", "error", "message", "hint"), CASES)
def test_a_refusal_names_the_thing_and_gives_a_command(stage, situation, act, error, message, hint):
    SITUATIONS[situation](stage)
    with pytest.raises(error) as raised:
        act(stage)
    assert type(raised.value) is error
    assert raised.value.message == filled(stage, message)
    assert raised.value.hint == filled(stage, hint)


def test_a_prefix_is_resolved_to_the_exact_name_then_to_the_only_one_that_begins_with_it():
    resolve = lambda name: lookup.resolve_prefix(name, ("api", "api.spec", "ui"), "job", "it", ("a", "b"))  # noqa: E731 said once
    assert (resolve("api"), resolve("api.s"), resolve("u")) == ("api", "api.spec", "ui")


def test_a_long_list_of_names_is_cut():
    with pytest.raises(NotFound, match=r"it has job-8, .* and 8 more$"):
        lookup.resolve_prefix("x", tuple(f"job-{n}" for n in range(20)), "job", "it", ("a", "b"))


def test_a_question_that_is_open_in_two_runs_needs_the_run(stage):
    for run in (RUN, OTHER):
        started(stage, run)
        escalation = c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", ("retry", "stop"))
        execute(stage.services, run, stage.services.host, escalation)
    with pytest.raises(Usage, match="q1 is open in several runs: auth-7f3a, auth-9c2d") as several:
        questions.find_question(stage.services, "q1", None)
    assert several.value.hint == f"gitorch show q1 --run {RUN}"
    shown = stage.gitorch(*several.value.hint.split()[1:])
    assert (shown.status, "Go on?" in shown.out) == (0, True), "the hint can be pasted"
    assert questions.find_question(stage.services, "q1", OTHER)[0].id == OTHER


def test_an_answer_that_only_one_run_takes_gets_the_hint_with_that_run(stage):
    for run, options in ((RUN, ("retry", "stop")), (OTHER, ("continue", "cancel_run"))):
        started(stage, run)
        escalation = c.Escalate("x:1", "It broke.", "Nothing.", "none", "Go on?", options)
        execute(stage.services, run, stage.services.host, escalation)
    for word, run in (("cancel-r", OTHER), ("retry", RUN), ("x", RUN)):
        with pytest.raises(Usage) as several:
            decisions.answer(stage.services, CALLER, "q1", [word], None)
        assert several.value.hint == f"gitorch show q1 --run {run}"


def test_an_agent_is_denied_a_verb_for_people_with_the_evidence_and_the_attempt_is_recorded(stage):
    started(stage)
    agent = Caller(Actor(ActorKind.AGENT, "api", "desk", "s1"), RUN, "recognised as session s1")
    with pytest.raises(Denied, match=r"session s1 is an agent and may not approve \(recognised as session s1\)"):
        only_people(stage.services, agent, "approve")
    assert stage.ledger.written[-1].record.event.verb == "approve"


def test_an_operator_is_denied_what_only_the_principal_may(stage):
    started(stage)
    operator = Caller(Actor(ActorKind.OPERATOR, "bob", "desk"), None, "GITORCH_OPERATOR is set")
    with pytest.raises(Denied):
        only_people(stage.services, operator, "approve")
