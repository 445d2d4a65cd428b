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
