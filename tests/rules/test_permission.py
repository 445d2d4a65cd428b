"""Which permission prompts a rule answers, and which wait for a human."""

from __future__ import annotations

import pytest
from play import Play

from gitorch.model.commands import Escalate
from gitorch.model.ids import Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.plans.permission import Option, PermissionAnswer, Rule
from gitorch.model.plans.workflow import Lane
from gitorch.model.values import replace
from gitorch.rules.agent_state.permission import TRUSTED_BY, answer_to, matching_rule
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


ALL = (Rule(Option.ONCE, ".*"),)


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
    ],
)
def test_only_the_lane_s_trust_setting_answers_a_trust_dialog(lane, dialog, asked, answer):
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
