"""Which permission prompts a rule answers, and which wait for a human."""

from __future__ import annotations

import pytest

from gitorch.model.permission import Option, Rule
from gitorch.rules.seeing.permission import answering

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
def test_a_rule_answers_only_where_it_means_the_whole_of_what_is_asked(asked, option):
    rule = answering(RULES, asked)
    assert (rule and rule.option) == option


def test_without_rules_nothing_is_answered():
    assert answering((), "make test") is None
    assert answering((Rule(Option.ONCE, ".*"),), "") is None, "not even by one that allows everything"
