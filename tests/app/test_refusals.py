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
    PERSON,
    RUN,
    SITUATIONS,
    run_of,
    started,
)

from gitorch.app.execute import Caller, execute, only_people
from gitorch.app.people import decisions, mailbox, messages
from gitorch.app.query import lookup, questions, runs
from gitorch.errors import Denied, NotFound, Refused, Usage
from gitorch.model import commands as c
from gitorch.model.record import Actor, ActorKind


@pytest.fixture
def stage(tmp_path):
    return Stage(folder=tmp_path)


LOOKUPS = [
    ("nothing", lambda s: lookup.require_ledger(s.services), NotFound, "has no gitorch ledger", "gitorch init"),
    ("nothing", lambda s: lookup.find_run(s.services, None), NotFound, "has no gitorch ledger", "gitorch init"),
    ("empty", lambda s: lookup.find_run(s.services, None), NotFound, "there is no run yet", "gitorch start PLAN"),
    (
        "empty",
        lambda s: lookup.find_run(s.services, "x"),
        NotFound,
        "this repository has no run x; it has none",
        "gitorch status",
    ),
    ("one", lambda s: lookup.find_run(s.services, "x"), NotFound, "has no run x; it has auth-7f3a", "gitorch status"),
    (
        "two",
        lambda s: lookup.find_run(s.services, "auth"),
        Usage,
        "auth could be any of auth-7f3a, auth-9c2d",
        "gitorch status auth-7f3a",
    ),
    (
        "two",
        lambda s: lookup.find_run(s.services, None),
        Usage,
        "several runs are open: auth-7f3a, auth-9c2d",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: lookup.find_job(run_of(s), "db"),
        NotFound,
        "run auth-7f3a has no job db; it has api, api.spec",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: lookup.find_job(run_of(s), "a"),
        Usage,
        "a could be any of api, api.spec, approval",
        "gitorch why api",
    ),
    (
        "one",
        lambda s: lookup.find_session(s.services, "db", None),
        NotFound,
        "has no job or session db",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: lookup.find_session(s.services, "ui", RUN),
        NotFound,
        "no agent has worked on ui yet",
        "gitorch why ui",
    ),
    (
        "one",
        lambda s: questions.find_question(s.services, "q9", None),
        NotFound,
        "no run has a question q9",
        "gitorch inbox",
    ),
    (
        "one",
        lambda s: lookup.find_run_or_checkpoint(s.services, "api", None),
        Refused,
        "api has no checkpoint that waits",
        "gitorch inbox",
    ),
    (
        "two",
        lambda s: lookup.find_run_or_epic(s.services, "api", None),
        Usage,
        "api is in several runs: auth-7f3a, auth-9c2d",
        "gitorch report api --run auth-7f3a",
    ),
    (
        "two cancelled",
        lambda s: lookup.find_run_to_clean(s.services, None),
        Usage,
        "several runs can be cleaned up",
        "gitorch cleanup auth-7f3a",
    ),
    (
        "one",
        lambda s: runs.why_of(s.services, "db", None),
        NotFound,
        "has no job, question or session db",
        "gitorch status",
    ),
    (
        "one",
        lambda s: runs.report(s.services, None),
        NotFound,
        "run auth-7f3a has no merge report yet",
        "gitorch status auth-7f3a",
    ),
    ("nothing", lambda s: runs.runs(s.services), NotFound, "has no gitorch ledger", "gitorch init"),
]

PEOPLE = [
    (
        "one",
        lambda s: mailbox.find_message(s.services, None, "m9"),
        NotFound,
        "there is no message m9",
        "gitorch inbox",
    ),
    ("one", lambda s: mailbox.find_message(s.services, None, "x"), NotFound, "there is no message x", "gitorch inbox"),
    (
        "one",
        lambda s: mailbox.person_named(s.services, "eve"),
        NotFound,
        "no person is called @eve; there are @principal",
        "gitorch inbox",
    ),
    (
        "nothing",
        lambda s: messages.send(s.services, PERSON, ("@ada",), "hi", s.folder),
        NotFound,
        "has no gitorch ledger",
        "gitorch init",
    ),
    (
        "nothing",
        lambda s: messages.wait_for(s.services, PERSON, None),
        NotFound,
        "has no gitorch ledger",
        "gitorch init",
    ),
    (
        "two",
        lambda s: messages.send(s.services, PERSON, ("api",), "hi", s.folder),
        Usage,
        "several runs have api: auth-7f3a, auth-9c2d",
        "gitorch send api TEXT --run auth-7f3a",
    ),
    (
        "one",
        lambda s: messages.send(s.services, PERSON, ("@orchestrator",), "plan ready at x.md", s.folder),
        NotFound,
        "there is no file x.md, so no plan is ready there",
        "ls ",
    ),
    (
        "escalated",
        lambda s: decisions.answer(s.services, CALLER, "q1", (), None),
        Usage,
        "q1 takes one of: retry_it, retry_all, stop",
        "gitorch answer q1 retry_it",
    ),
    (
        "escalated",
        lambda s: decisions.answer(s.services, CALLER, "q1", ("no",), None),
        Usage,
        "q1 has no answer no; it has retry_it, retry_all, stop",
        "gitorch answer q1 retry_it",
    ),
    (
        "escalated",
        lambda s: decisions.answer(s.services, CALLER, "q1", ("retry",), None),
        Usage,
        "retry could be any of retry_it, retry_all",
        "gitorch answer q1 retry_it",
    ),
    (
        "one",
        lambda s: decisions.report_to_approve(run_of(s)),
        Refused,
        "has no merge report to approve; it is running",
        "gitorch status auth-7f3a",
    ),
    (
        "one",
        lambda s: decisions.cleanup_question(run_of(s)),
        Refused,
        "it is cleaned up when it is over",
        "gitorch cancel",
    ),
]


@pytest.mark.parametrize(("situation", "act", "error", "message", "hint"), [*LOOKUPS, *PEOPLE])
def test_a_refusal_names_the_thing_and_gives_a_command(stage, situation, act, error, message, hint):
    SITUATIONS[situation](stage)
    with pytest.raises(error) as raised:
        act(stage)
    assert message in raised.value.message
    assert raised.value.hint.startswith(hint)


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
    with pytest.raises(Usage, match="q1 is open in several runs: auth-7f3a, auth-9c2d"):
        questions.find_question(stage.services, "q1", None)
    assert questions.find_question(stage.services, "q1", OTHER)[0].id == OTHER


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
