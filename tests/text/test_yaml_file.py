"""YAML that people write: texts over several lines are what any other reader of YAML takes them for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitorch.text.source import Source
from gitorch.text.yaml_file import read_yaml

LINES = st.lists(
    st.sampled_from(["one", "two words", "", "  more", "`x` $(y)", "# no comment"]), min_size=1, max_size=6
)


def value(text):
    read, problems = read_yaml(Source("plan.yaml", text, tuple(text.split("\n"))))
    assert problems == ()
    return read.data["a"].value.data


@pytest.mark.parametrize("mark", [">", ">-", ">+", "|", "|-"])
@given(LINES)
def test_a_text_in_a_block_is_read_as_any_reader_does(mark, lines):
    text = f"a: {mark}\n" + "".join(f"  {line}".rstrip() + "\n" for line in ["first", *lines])
    assert value(text) == YAML(typ="safe", pure=True).load(text)["a"]


def test_the_lines_of_a_folded_text_are_joined_with_blanks_and_nothing_else():
    assert value("a: >-\n  make\n  test\n\n  again\n") == "make test\nagain"


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a: [\n", (2, 1), "expected the node content, but found '<stream end>'"),
        ("a: b: c\n", (1, 5), "mapping values are not allowed here"),
        ("a: x\x07\n", (1, 5), "it contains a control character"),
        ("[" * 100, (1, 41), "it is nested too deeply"),
        ("a: 'x\n", (2, 1), "found unexpected end of stream"),
    ],
)
def test_a_text_that_is_not_yaml_has_one_problem_at_its_place(text, place, reason):
    read, (problem,) = read_yaml(Source("plan.yaml", text, tuple(text.split("\n"))))
    assert read is None
    assert (problem.message, problem.fix) == (
        f"This is not YAML: {reason}.",
        "Correct the YAML; `key: value` needs the blank.",
    )
    assert (problem.line, problem.column) == place


def test_every_value_has_its_place_whatever_lines_the_parser_counts():
    text = 'a: "\u2028"\nb: [1, 0x1f, 0o17, 007, 1_000, 1.5e3, TRUE, ~, 2026-01-02]\n'
    read, problems = read_yaml(Source("plan.yaml", text, tuple(text.split("\n"))))
    assert problems == ()
    entries = read.data
    assert [(e.key.line, e.key.column, e.key.start, e.key.end) for e in entries.values()] == [
        (1, 1, 0, 1),
        (2, 1, 7, 8),
    ]
    items = entries["b"].value.data
    assert [item.data for item in items] == [1, 31, 15, 7, 1000, 1500.0, True, None, "2026-01-02"]
    assert [(item.spot.line, item.spot.column) for item in items[:2]] == [(2, 5), (2, 8)]


def test_nothing_is_no_value():
    assert read_yaml(Source("plan.yaml", "# no\n", ("# no", ""))) == (None, ())
