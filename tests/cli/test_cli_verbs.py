"""The list of verbs, their commands, their help and their page say the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import verbs_page

from gitorch.cli.group import Verb, command_of
from gitorch.verbs.table import TABLE, VERBS
from gitorch.verbs.verb import Kind

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"


@pytest.mark.parametrize("name", VERBS)
def test_each_verb_has_the_command_and_the_help_of_the_table(name):
    command = command_of(VERBS[name])
    assert isinstance(command, Verb)
    assert command.name == name
    assert command.help.splitlines()[0].strip() == VERBS[name].summary


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_a_verb_has_examples_that_begin_with_it(stage, name):
    answer = stage.gitorch(name, "--help")
    assert (answer.status, answer.err) == (0, "")
    examples = answer.out.partition("Example")[2].splitlines()[1:]
    assert examples
    assert all(line.startswith(f"  gitorch {name}") for line in examples if line)
    assert "--json" in answer.out
    assert "-C, --repo" in answer.out


@pytest.mark.parametrize("name", VERBS)
def test_the_examples_of_a_verb_can_be_parsed(name):
    command = command_of(VERBS[name])
    for example in command.examples:
        words = shlex.split(example)[2:]
        context = command.make_context(name, words, obj=Silent(), resilient_parsing=False)
        assert isinstance(context, click.Context)


TEXT_OPTIONS = [
    (name, one.spelling[-1])
    for name in TABLE
    for one in TABLE[name].parameters
    if one.is_option and one.kind is Kind.TEXT
]


@pytest.mark.parametrize(("name", "option"), TEXT_OPTIONS)
def test_an_option_takes_a_text_that_begins_with_a_dash(name, option):
    command = command_of(TABLE[name])
    for text, words in (("--output=x", [f"{option}=--output=x"]), ("- done", [option, "- done"])):
        values, *_ = command.make_parser(click.Context(command)).parse_args(words)
        assert [value for value in values.values() if value in (text, [text])], values


class Silent:
    json = False

    def enter(self, folder):
        raise AssertionError(folder)


def test_the_page_has_the_tables_of_verbs(request):
    page = PAGE.read_text(encoding="utf-8")
    if request.config.getoption("--rewrite-transcripts"):
        PAGE.write_text(verbs_page.written_anew(page), encoding="utf-8")
    assert verbs_page.written_anew(page) == page
    assert re.findall(r"^\| `([\w ]+)` \| ", verbs_page.tables(), re.MULTILINE) == [*TABLE]


def test_the_help_of_all_lists_every_verb(stage):
    for words in (("--help",), ("-h",), ()):
        answer = stage.gitorch(*words)
        assert answer.status == 0
        assert re.findall(r"^  (\w+)  +[A-Z]", answer.out, re.MULTILINE) == [*VERBS]


def test_the_page_names_every_exit_status_of_the_errors():
    from gitorch import errors

    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.GitorchError)]
    for cls in classes:
        assert f"| {cls.exit_status} | {cls.code} |" in PAGE.read_text()
