"""Ticks of a run that tests its target first and sets up its worktrees, on fakes of every port."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import CALLER, RUN, Desk
from fakes.world import altered
from play import HUMAN

from gitorch.app.start import configuring
from gitorch.app.start.preparing import preparation_of
from gitorch.errors import Malformed, NotFound, Usage
from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.plans.allowance import Allowance
from gitorch.model.plans.config import Config
from gitorch.model.plans.preparation import NOT_SET_UP, Preparation
from gitorch.model.values import replace

TEMPLATE = (Path(__file__).parents[2] / "templates/gitorch.yaml").read_text()
NPM = Preparation("npm ci", copies=(".env",))


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "t")


def answered(desk, option):
    (question,) = desk.run.open_questions()
    desk.do(c.AnswerQuestion(question.id, option, ""), HUMAN)


def attached(desk, kind):
    """The names of the files that the records of this type have."""
    return [
        [file.name for file in one.record.files]
        for one in desk.ledger.records(RUN)
        if isinstance(one.record.event, kind)
    ]


def test_the_target_is_tested_in_a_checkout_that_is_set_up_and_then_the_agents_start(desk):
    desk.begin(test_command="make check", test_target=True, preparation=NPM)
    desk.tick(4)
    assert desk.checks.starts == [(desk.begun, "make check")]
    assert desk.checks.preparations == [NPM]
    assert desk.run.target_check.passed
    worktree = desk.services.paths.job_worktree(desk.run, "api")
    assert desk.services.setups.starts == [(worktree, NPM)]
    desk.tick(2)
    assert desk.run.living_sessions


def test_a_red_target_is_tried_again_as_often_as_a_person_asks(desk):
    desk.checks.outcome = lambda *_: ("failed", 1, "broken\n")
    desk.begin(test_command="make check", test_target=True)
    for tries in (1, 2):
        desk.settle()
        assert len(desk.checks.starts) == tries
        assert attached(desk, events.TargetChecked) == [["tests.log"]] * tries
        answered(desk, "retry")
    desk.checks.outcome = lambda *_: ("passed", 0, "ok\n")
    desk.tick(4)
    assert desk.run.target_check.passed
    assert desk.run.sessions


def test_a_worktree_that_cannot_be_set_up_is_asked_about_once_and_tried_again(desk):
    setups = desk.services.setups
    setups.fails.add("api")
    desk.begin(preparation=NPM)
    run = desk.settle()
    (question,) = run.open_questions()
    assert (question.job, question.evidence, len(setups.starts)) == ("api", "no such module", 1)
    assert attached(desk, events.Escalated) == [["setup.log"]]
    setups.fails.clear()
    answered(desk, "retry")
    desk.tick(4)
    job = desk.run.jobs["api"]
    assert len(setups.starts) == 2
    assert (job.launch_failures, job.attempt) == (0, 1)
    assert desk.terminals.sessions, "the agent was started"


def test_what_the_set_up_leaves_unignored_stops_the_launch_with_the_command_that_ignores_it(desk, monkeypatch):
    facts = desk.git.facts
    monkeypatch.setattr(desk.git, "facts", lambda *words: replace(facts(*words), uncommitted=(".venv/bin/a", "b")))
    desk.begin(preparation=NPM)
    desk.tick(5)
    (fault,) = desk.run.faults.values()
    assert fault.first_line.endswith("would commit: .venv/bin/a, b")
    assert fault.reason.endswith(f"echo '/.venv' >> {desk.services.home.parent}/info/exclude")
    assert not desk.terminals.sessions


def test_a_checkout_that_cannot_be_set_up_costs_no_round_and_is_tried_again(desk):
    outcome = {"now": NOT_SET_UP}
    desk.checks.outcome = lambda *_: (outcome["now"], 1, "no such module\n")
    desk.begin(test_command="make check", preparation=NPM)
    desk.tick(4)
    desk.submit("api", {"a.txt": "a\n"})
    run = desk.settle()
    (question,) = run.open_questions()
    assert (question.job, question.evidence) == ("api", "no such module")
    assert (run.jobs["api"].check, run.jobs["api"].attempt) == (None, 1)
    assert attached(desk, events.Escalated) == [["setup.log"]]
    outcome["now"] = "passed"
    answered(desk, "retry")
    desk.tick(3)
    assert desk.run.jobs["api"].check.passed
    assert len(desk.checks.starts) == 2


def set_(desk, key, value, run=None):
    return configuring.set_value(desk.services, CALLER, TEMPLATE, key, value, run)


def test_a_key_is_set_in_the_file_and_in_the_run_that_is_named(desk):
    desk.begin(test_command="make check", test_target=True)
    done = set_(desk, "tests.command", "make unit")
    assert (done.value, done.run, desk.run.settings.test_command) == ('"make unit"', "", "make check")
    done = set_(desk, "tests.command", "make quick", RUN)
    assert (done.run, desk.run.settings.test_command) == (RUN, "make quick")
    set_(desk, "worktrees.copy", ".env", RUN)
    assert desk.run.settings.preparation == Preparation(copies=(".env",))
    assert configuring.get_value(desk.services, TEMPLATE, "worktrees.copy") == '[".env"]'
    assert configuring.get_value(desk.services, TEMPLATE, "cleanup") == "ask"
    assert desk.run.settings.test_target, "nothing else is changed"


def test_setting_a_key_tells_what_its_value_names_and_is_not_there(desk):
    told = {
        ("lanes.implementer.runtime", "nosuch"): ("there is no runtime nosuch yet: gitorch doctor",),
        ("lanes.implementer.runtime", "scripted"): (),
        ("review.runtimes", "{quality: mine}"): ("there is no runtime mine yet: gitorch doctor",),
        ("runtimes", "{mine: {preset: scripted}}"): (),
        ("orchestration.merge_target", "nowhere"): (
            "nowhere is not a local branch yet: gitorch config set orchestration.merge_target main",
        ),
        ("orchestration.merge_target", "main"): (),
    }
    for (key, value), notes in told.items():
        assert set_(desk, key, value).notes == notes, (key, value)


@pytest.mark.parametrize("scope", ["run", "epic", "lane"])
@pytest.mark.parametrize("part", ["tokens", "cents", "minutes", "turns"])
def test_a_budget_is_raised_in_the_run_that_is_named(desk, scope, part):
    desk.begin(**{f"{scope}_budget": Allowance(tokens=1, cents=2, minutes=3, turns=4)})
    set_(desk, f"budgets.{scope}.{part}", "800")
    before = getattr(desk.run.settings, f"{scope}_budget")
    assert before == Allowance(tokens=1, cents=2, minutes=3, turns=4)
    set_(desk, f"budgets.{scope}.{part}", "900", RUN)
    assert getattr(desk.run.settings, f"{scope}_budget") == replace(before, **{part: 900}), "its other limits stay"


@pytest.mark.parametrize("scope", ["run", "epic", "lane"])
def test_all_of_a_budget_is_set_in_the_run_that_is_named(desk, scope):
    desk.begin(**{f"{scope}_budget": Allowance(tokens=1, cents=2)})
    set_(desk, f"budgets.{scope}", "{tokens: 800, minutes: 9}", RUN)
    assert getattr(desk.run.settings, f"{scope}_budget") == Allowance(tokens=800, minutes=9)


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [("tests.wait_seconds", "0", Usage), ("tests.wait_seconds", "x", Usage), ("tests.no", "x", NotFound)],
)
def test_a_value_that_the_key_cannot_have_changes_nothing(desk, key, value, error):
    desk.begin(test_command="make check")
    before = desk.run.settings
    with pytest.raises(error):
        set_(desk, key, value, RUN)
    assert desk.run.settings == before
    assert desk.files.read(configuring.config_file(desk.services)) is None


PRICES = "{gpt: {input: 1, output: 2}}"


@pytest.mark.parametrize(
    ("key", "value", "named", "hint"),
    [
        ("prices.per_million", PRICES, "`prices.dated` is empty", "gitorch config set prices.dated DATE"),
        ("push.as", "pull-request", "`push.as` has no effect", "gitorch config set push.remote VALUE"),
        ("push.as", "main", "`push.as` must be one of", "gitorch config get push.as"),
        (
            "tests.wait_seconds",
            "0",
            "`tests.wait_seconds` must be a whole number",
            "gitorch config get tests.wait_seconds",
        ),
        ("review.stages", "[a, a]", "`review.stages`", "gitorch config get review.stages"),
        ("approval.at_least", "most", "`approval.at_least`", "gitorch config get approval.at_least"),
    ],
)
def test_a_value_that_does_not_fit_is_the_fault_of_what_was_typed_and_not_of_the_file(desk, key, value, named, hint):
    with pytest.raises(Usage, match=named) as no:
        set_(desk, key, value, None)
    assert no.value.message.startswith(f"{key} cannot become {value[:40]!r}: ")
    assert no.value.hint == hint


def test_prices_are_set_once_their_day_is(desk):
    set_(desk, "prices.dated", "2026-11-30", None)
    set_(desk, "prices.per_million", PRICES, None)
    with pytest.raises(Usage, match=r"prices\.dated"):
        set_(desk, "prices.dated", "", None)


def test_defects_that_the_file_had_before_are_the_faults_of_the_file(desk):
    desk.files.write(configuring.config_file(desk.services), b"tests: {wait_seconds: 0}\n")
    with pytest.raises(Malformed, match="problem") as no:
        set_(desk, "approval.at_least", "most", None)
    assert len(no.value.problems) == 2


def test_the_include_file_adds_patterns_to_those_of_the_configuration(desk):
    services = altered(desk.services)
    services.files.write(services.root / ".worktreeinclude", b"# local\n.env\n\n*.local\n")
    config = Config(preparation=Preparation("npm ci", copies=("data/", ".env")))
    assert preparation_of(services, config) == Preparation("npm ci", copies=("data/", ".env", "*.local"))
    assert preparation_of(services, Config()).copies == (".env", "*.local")
