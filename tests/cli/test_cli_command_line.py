"""What is carried out without click is what click would have made of the same words."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.cli.command_line import exact_call
from gitorch.cli.group import gitorch as group
from gitorch.cli.verb_function import verb as verb_of_table
from gitorch.cli.verbs import status
from gitorch.verbs.table import TABLE
from gitorch.verbs.verb import Kind

SINGLE = sorted(name for name, verb in TABLE.items() if " " not in name and not verb.members)
"""The verbs of one word, which are no groups."""

STRANGE = (
    *(
        "",
        "-",
        "--",
        "-h",
        "--help",
        "--version",
        "--json",
        "--json=1",
        "-C",
        "-C=x",
        "--repo",
        "--repo=x",
        "--repo=",
        "-x",
    ),
    *("a", "a=b", "- done", "-1", "5", "05", "1_0", "²", "1.5", "99999999999999999999", "٣", " 5", "\udcff", "status"),
)
"""Words that could be read in two ways."""


class Caller:
    """Takes the options that every verb has, and keeps them."""

    def __init__(self) -> None:
        self.json = False
        self.folder: str | None = None

    def enter(self, folder: str) -> None:
        self.folder = folder


def by_click(words: list[str]) -> tuple[dict[str, Any], str | None, bool]:
    """The parameters of the verb, the folder, and whether JSON is wanted, as click reads a command line. Raises what click raises."""
    caller = Caller()
    context = group.make_context("gitorch", list(words), obj=caller)
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    inner = command.make_context(name, rest, parent=context, obj=caller)
    return inner.params, caller.folder, caller.json


def require_same(words: list[str]) -> bool:
    """Whether the words are exact; then click must read the same values of the same types from them."""
    exact = exact_call(words)
    if exact is None:
        return False
    values, folder, json = by_click(words)
    assert repr(dict(sorted(exact.values.items()))) == repr(dict(sorted(values.items()))), words
    assert (exact.folder, exact.json) == (folder, json), words
    return True


def words_of(name: str) -> list[str]:
    """Words that mean something to a verb: its options, alone and with a value."""
    found: list[str] = []
    for one in TABLE[name].parameters:
        for spelled in one.spelling:
            for option in spelled.split("/"):
                found += [option, f"{option}=7", f"{option}="]
    return found


@pytest.mark.parametrize("name", SINGLE)
@settings(max_examples=settings.default.max_examples // 3)  # of each of 50 verbs
@given(data=st.data())
def test_exact_words_mean_to_click_the_same(name, data):
    known = st.sampled_from([*words_of(name), *STRANGE])
    words = data.draw(st.lists(st.one_of(known, st.text(max_size=4)), max_size=6))
    require_same([name, *words])


@pytest.mark.parametrize("name", SINGLE)
def test_a_verb_with_each_of_its_parameters_needs_no_click(name):
    needed = ["1" for one in TABLE[name].parameters if one.required and not one.is_option]
    for one in TABLE[name].parameters:
        if one.required and one.is_option:
            needed += [one.spelling[-1], "1"]
    assert require_same([name, *needed])
    for one in TABLE[name].parameters:
        for spelled in one.spelling:
            if "/" in spelled:
                continue
            given_words = [spelled] if one.kind is Kind.FLAG else [spelled, "8"]
            limited = one.least is not None and one.least > 8
            assert require_same([name, *needed, *given_words]) is not limited
            assert require_same([name, *given_words, *given_words, *needed, "--json", "-C", "x"]) is not limited


def test_most_examples_need_no_click():
    examples = [shlex.split(example)[1:] for name in SINGLE for example in TABLE[name].examples]
    exact = [words for words in examples if require_same(words)]
    assert len(exact) > 0.9 * len(examples), [words for words in examples if words not in exact]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--help"],
        ["--json", "status"],
        ["-C", "x", "status"],
        ["stat"],
        ["status", "--help"],
        ["status", "a", "b"],
        ["status", "--watch=1"],
        ["status", "--wat"],
        ["status", "--"],
        ["status", "--json=1"],
        ["why"],
        ["why", "api", "--run"],
        ["why", "api", "--run", "-x"],
        ["log", "-n5"],
        ["log", "-n=5"],
        ["log", "-n", "five"],
        ["log", "-n", "1_0"],
        ["log", "-n", "9" * 16],
        ["peek", "api", "--history", "100001"],
        ["up", "--wait"],
        ["session"],
        ["session", "list"],
        ["session list"],
    ],
)
def test_anything_else_is_left_to_click(words):
    assert exact_call(words) is None


@pytest.mark.parametrize("verb", ["session", "skills", "workflow"])
def test_a_group_of_verbs_is_left_to_click(verb):
    assert verb in TABLE
    assert exact_call([verb, TABLE[verb].members[0].split()[1]]) is None


@pytest.mark.parametrize("error", [KeyboardInterrupt, EOFError])
@pytest.mark.parametrize("words", [("why", "api"), ("--json", "why", "api"), ("why", "api", "--json")])
def test_an_interrupted_verb_ends_alike_with_and_without_click(stage, monkeypatch, words, error):
    def stop(*_, **__):
        raise error

    monkeypatch.setattr(status, "why", verb_of_table("why")(stop))
    answer = stage.gitorch(*words)
    assert answer.status == 130
    assert answer.err == ("\n" if "--json" in words else "\ngitorch: interrupted\n")
    assert ('"code": "interrupted"' in answer.out) is ("--json" in words)
