"""Which permission prompts a rule answers, and which wait for a human."""

from __future__ import annotations

import pytest
from play import Play

from gitorch.model.commands import Escalate
from gitorch.model.effects import AnswerPermission
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.plans.permission import Dialog, Option, PermissionAnswer, RequestPattern, Rule
from gitorch.model.plans.runtime import Preset
from gitorch.model.plans.workflow import Lane
from gitorch.model.values import replace
from gitorch.rules.agent_state.permission import (
    AT_END_OF_LIMIT,
    LIMIT,
    TRUSTED_BY,
    answer_to,
    dialog_on,
    last_rows,
    matching_rule,
    permission_request_on,
    state_after_limit,
)
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile

RULES = (
    Rule(Option.REJECT, r"git push --force.*"),
    Rule(Option.ONCE, r"git push \S+"),
    Rule(Option.ONCE, r"make (test|lint)"),
)


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        ("make test", Option.ONCE),
        ("git push origin", Option.ONCE),
        ("git push --force", Option.REJECT),
        ("make test && rm -r .", None),
        ("make test\nrm -r .", None),
        (" make test", None),
        ("make tests", None),
        ("", None),
    ],
)
def test_a_rule_answers_only_when_it_matches_the_whole_request(asked, option):
    rule = matching_rule(RULES, asked)
    assert (rule and rule.option) == option


def test_without_rules_no_request_is_answered():
    assert matching_rule((), "make test") is None
    assert matching_rule((Rule(Option.ONCE, ".*"),), "") is None, "not even by one that allows everything"


ALL, NONE = (Rule(Option.ONCE, ".*"),), (Rule(Option.REJECT, ".*"),)


@pytest.mark.parametrize(
    ("lane", "dialog", "asked", "answer"),
    [
        (Lane("a", "r", permissions=ALL), "permission", "make", PermissionAnswer("make", Option.ONCE, ".*")),
        (Lane("a", "r", permissions=ALL), "", "make", PermissionAnswer("make", Option.ONCE, ".*")),
        (Lane("a", "r", permissions=ALL), "trust", "/repo", None),
        (Lane("a", "r", trust=True), "trust", "/repo", PermissionAnswer("/repo", Option.TRUST, TRUSTED_BY)),
        (Lane("a", "r", trust=True), "trust", "", None),
        (Lane("a", "r", trust=True), "permission", "make", None),
        (Lane("a", "r", trust=True), "login", "", None),
        (Lane("a", "r"), "trust", "/repo", None),
        (Lane("a", "r"), "limit", "", None),
        (Lane("a", "r"), "limit", "used up", PermissionAnswer("used up", Option.ONCE, AT_END_OF_LIMIT)),
        (
            Lane("a", "r", permissions=NONE),
            "limit",
            "used up",
            PermissionAnswer("used up", Option.ONCE, AT_END_OF_LIMIT),
        ),
    ],
)
def test_trust_answers_only_a_dialog_of_trust_and_the_end_of_a_limit_needs_no_rule(lane, dialog, asked, answer):
    observation = SessionObservation(True, True, AgentState.DIALOG, dialog=dialog, asked=asked)
    assert answer_to(lane, observation) == answer


@pytest.mark.parametrize(("seconds", "asked"), [(0, False), (3, False), (5, True)])
def test_a_request_that_no_rule_matches_goes_to_a_human_although_its_title_blinks(seconds, asked):
    play = Play()
    play.begin({"api": ()})
    lanes = {name: replace(lane, permissions=RULES) for name, lane in play.run.workflow.lanes.items()}
    play.state = replace(play.state, run=replace(play.run, workflow=replace(play.run.workflow, lanes=lanes)))
    play.launch("api")
    painted = Moment(play.at - seconds * 1000)
    observation = SessionObservation(
        True, True, AgentState.DIALOG, 7, was_ready=True, asked="rm", changed_at=play.at, progress_at=painted
    )
    found = reconcile(play.run, Observed(play.at, dict.fromkeys(play.run.sessions, observation), None))
    assert any(isinstance(one, Escalate) for one in found) == asked


def test_the_dialog_of_a_limit_that_is_over_is_answered_by_gitorch_and_by_nobody_who_is_asked():
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    shown = SessionObservation(True, True, AgentState.DIALOG, 7, dialog=LIMIT, asked="used up", changed_at=Moment(1))
    observed = Observed(play.at, dict.fromkeys(play.run.sessions, shown), None)
    assert not any(isinstance(one, Escalate) for one in reconcile(play.run, observed))
    (effect,) = (one for one in outstanding(play.run, observed) if isinstance(one, AnswerPermission))
    assert effect.answer == PermissionAnswer("used up", Option.ONCE, AT_END_OF_LIMIT)

    unknown = replace(shown, asked="", dialog=LIMIT)
    found = reconcile(play.run, replace(observed, sessions=dict.fromkeys(play.run.sessions, unknown)))
    assert any(isinstance(one, Escalate) for one in found), "its other choice is selected, and a person is asked"


def test_a_program_whose_limit_is_over_is_at_rest_unless_the_dialog_of_the_limit_is_open():
    assert state_after_limit("") == (AgentState.WAITING, "limit: over")
    assert state_after_limit("trust")[0] is AgentState.WAITING
    assert state_after_limit(LIMIT)[0] is AgentState.DIALOG


PRESET = Preset(
    "p",
    ("p",),
    permission_requests=(
        RequestPattern(r"^Run\n(?P<asked>.*)\nYes\?$", once=("1",)),
        RequestPattern(r"^Edit\n\n(?P<asked>.*)$", once=("2",), blank_rows=True),
    ),
    dialogs={
        "login": Dialog(r"^Sign in$"),
        "trust": Dialog(r"^Trust (?P<asked>.*)$", ("Enter",)),
        "theme": Dialog(r"^Sign|^Colours$", ("1",)),
    },
)


@pytest.mark.parametrize(
    ("screen", "dialog", "asked"),
    [
        ("Run\n make x  \nYes?", "permission", "make x"),
        ("Run\n\nmake x\n\nYes?\n\n", "permission", "make x"),
        ("Run\n\n\nmake x\nYes?", "", None),
        ("Run\n   \nYes?", "", None),
        ("above\nRun\nls\nYes?\nbelow", "permission", "ls"),
        ("Run\nls\nYes?" + "\nx" * 37, "permission", "ls"),
        ("Run\nls\nYes?" + "\nx" * 38, "", None),
        ("Edit\n\na.py", "permission", "a.py"),
        ("Edit\na.py", "", None),
        ("Trust /repo", "trust", "/repo"),
        ("Sign in", "login", None),
        ("Colours", "theme", None),
        ("", "", None),
    ],
)
def test_a_dialog_is_known_by_its_whole_structure(screen, dialog, asked):
    assert dialog_on(screen, PRESET) == dialog
    found = permission_request_on(screen, PRESET)
    assert (found and found[0]) == asked


def test_a_request_names_the_pattern_that_says_how_to_answer_it():
    assert permission_request_on("Run\nls\nYes?", PRESET) == ("ls", PRESET.permission_requests[0])
    trust = RequestPattern(PRESET.dialogs["trust"].pattern, trust=("Enter",))
    assert permission_request_on("Trust /repo", PRESET) == ("/repo", trust)
    without_keys = replace(PRESET, dialogs={"trust": Dialog(PRESET.dialogs["trust"].pattern)})
    assert permission_request_on("Trust /repo", without_keys) is None
    assert permission_request_on("Trust /repo", replace(PRESET, dialogs={})) is None


@pytest.mark.parametrize(
    ("screen", "rows", "with_blank_rows"),
    [
        ("\n\na  \n\nb\n\n\nc\n\n", "a\nb\n\nc", "a\n\nb\n\n\nc"),
        ("\n".join(str(n) for n in range(50)), "\n".join(str(n) for n in range(10, 50)), None),
        ("a\n\n\n\n\nb", "a\n\nb", "a\n\n\n\n\nb"),
        ("", "", ""),
    ],
)
def test_the_last_rows_keep_the_difference_between_one_blank_row_and_several(screen, rows, with_blank_rows):
    assert last_rows(screen) == rows
    assert last_rows(screen, blank=True) == (rows if with_blank_rows is None else with_blank_rows)


ALLOWED = ("make test:*", "npm run lint")


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ("make test", "make test:*"),
        ("make test -k name", "make test:*"),
        ("npm run lint", "npm run lint"),
        ("npm run lint --fix", ""),
        ("make tests", ""),
        ("make test; rm -r .", ""),
        ("make test && rm -r .", ""),
        ("make test $(rm -r .)", ""),
        ("make test > x", ""),
        ("make test `rm`", ""),
        ("make test \\\nrm", ""),
        ("make test\nrm -r .", ""),
        ("X=1 make test", ""),
    ],
)
def test_a_command_that_the_run_allows_is_answered_and_nothing_that_goes_beyond_it(asked, rule):
    observation = SessionObservation(True, True, AgentState.DIALOG, dialog="permission", asked=asked)
    answer = answer_to(Lane("a", "r"), observation, ALLOWED)
    assert (answer is not None) == bool(rule)
    if answer is not None:
        assert answer.option is Option.ONCE


def test_a_rule_of_the_lane_comes_before_what_the_run_allows():
    lane = Lane("a", "r", permissions=(Rule(Option.REJECT, "make .*"),))
    observation = SessionObservation(True, True, AgentState.DIALOG, asked="make test")
    assert answer_to(lane, observation, ALLOWED).option is Option.REJECT
