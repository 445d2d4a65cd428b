"""One entry of the table of verbs is enough for every door, and what it says agrees with the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
import verbs_page

from gitorch.cli import group
from gitorch.cli.verb_function import verb as verb_of_table
from gitorch.cli.verbs import status
from gitorch.model.plans.workflow import Autonomy
from gitorch.model.work.artifact import EscalationKind, Outcome
from gitorch.model.work.review import Choice, ReportStatus, Severity
from gitorch.rules.guards.capabilities import NEEDS, Capability
from gitorch.verbs import beginning
from gitorch.verbs.finding import verb_named
from gitorch.verbs.table import GROUPS, TABLE, VERBS
from gitorch.verbs.verb import Kind, Offer, Parameter, Verb

if TYPE_CHECKING:
    from gitorch.model.words import Words

NEW = Verb(
    "greet",
    "Greet somebody by name.",
    at="status:greet",
    needs="read",
    details="It is polite.",
    parameters=(
        Parameter("thing", "Whom to greet.", required=True),
        Parameter("run", "Where.", ("--run",), metavar="RUN"),
    ),
    result={"thing": Kind.TEXT, "why": Kind.TEXT},
    offered=Offer.EVERYBODY,
    examples=("gitorch greet ada",),
)


@pytest.fixture
def greeting(monkeypatch) -> Verb:
    """A verb that is one entry of the table, and a function."""
    monkeypatch.setitem(TABLE, NEW.name, NEW)
    monkeypatch.setitem(VERBS, NEW.name, NEW)
    monkeypatch.setitem(GROUPS, "Begin", (*GROUPS["Begin"], NEW))
    monkeypatch.setattr(beginning, "VERBS", GROUPS["Begin"])
    greet = verb_of_table(NEW.name)(lambda call, **_: call.say({}, "Hi."))
    monkeypatch.setattr(status, "greet", greet, raising=False)
    return NEW


def test_a_new_entry_is_a_verb_of_the_command_line_with_its_words(stage, greeting):
    assert stage.gitorch("greet", "ada").out == "Hi.\n"
    assert stage.gitorch("greet").status == 2
    page = stage.gitorch("greet", "--help").out
    assert "Usage: gitorch greet [OPTIONS] THING" in page
    assert "Greet somebody by name." in page
    assert "It is polite." in page
    assert "--run RUN" in page


def test_a_new_entry_is_listed_by_help_and_proposed_for_a_slip(stage, greeting):
    assert "  greet     Greet somebody by name.\n" in stage.gitorch("--help").out
    assert "did you mean greet" in stage.gitorch("great").err


def test_a_new_entry_is_completed(greeting):
    context = click.Context(group.gitorch)
    assert [item.value for item in group.gitorch.shell_complete(context, "gre")] == ["greet"]


def test_a_new_entry_is_a_row_of_the_page(greeting):
    row = "| `greet` | Greet somebody by name. | `gitorch greet ada` | `--run` | |\n"
    assert row in verbs_page.tables()


def test_every_verb_of_the_table_is_found_by_its_name():
    assert {name: verb_named(name) for name in TABLE} == TABLE
    assert verb_named("no-such-verb") is None


@pytest.mark.parametrize("name", TABLE)
def test_a_verb_needs_the_capability_of_the_rules(name):
    assert TABLE[name].needs == NEEDS.get(name, Capability.APPROVE)


@pytest.mark.parametrize(
    ("verb", "parameter", "words"),
    [
        ("handoff", "status", ReportStatus),
        ("verdict", "choice", Choice),
        ("decide", "outcome", Outcome),
        ("block", "severity", Severity),
        ("block", "kind", EscalationKind),
        ("start", "autonomy", Autonomy),
    ],
)
def test_the_choices_of_a_parameter_are_those_of_the_model(verb: str, parameter: str, words: type[Words]):
    [found] = [one for one in TABLE[verb].parameters if one.name == parameter]
    assert set(found.choices) == set(words)


def test_no_verb_that_decides_for_the_principal_is_offered_as_a_tool():
    for verb in TABLE.values():
        if verb.needs == Capability.APPROVE:
            assert verb.offered is Offer.NOBODY, verb.name


def test_every_parameter_has_a_sentence():
    for verb in TABLE.values():
        for one in verb.parameters:
            assert one.help, (verb.name, one.name)
