"""Ids, branches, globs and scalars: which ones people may write, and what is wrong with the others."""

from __future__ import annotations

import pytest

from gitorch.text.glob_syntax import glob_fault, split_globs
from gitorch.text.slug import branch_fault, epic_id_fault, id_fault, slug
from gitorch.text.source import source_of
from gitorch.text.yaml_file import read_yaml


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("api", ""),
        ("1", ""),
        ("a" * 39, ""),
        ("a" * 40, "is longer than 39 characters"),
        ("", "may contain only"),
        ("Api", "may contain only"),
        ("-api", "may contain only"),
        ("api-", "must not end with -"),
        ("q1", "looks like the id of a question"),
        ("p12", "looks like the id of a question"),
        ("q1a", ""),
    ],
)
def test_an_id_has_a_fault_or_none(name, fault):
    assert id_fault(name).startswith(fault)
    assert bool(id_fault(name)) is bool(fault)


def test_a_reserved_word_is_an_id_but_not_the_id_of_an_epic():
    assert id_fault("merge") == ""
    assert epic_id_fault("merge") == "is a reserved word"
    assert epic_id_fault("Merge!").startswith("may contain only")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("main", ""),
        ("feature/a-b_c.d", ""),
        ("", "is empty"),
        ("refs/heads/main", "must be a branch's short name"),
        ("a b", "contains a blank"),
        ("a\x7f", "contains a blank"),
        ("a~1", "contains a blank"),
        ("a[", "contains a blank"),
        ("a\\b", "contains a blank"),
        ("-f", "is not a valid name"),
        ("/a", "is not a valid name"),
        (".a", "is not a valid name"),
        ("a/", "is not a valid name"),
        ("a.", "is not a valid name"),
        ("a.lock", "is not a valid name"),
        ("a..b", "is not a valid name"),
        ("a@{1}", "is not a valid name"),
        ("a//b", "is not a valid name"),
        ("a/.b", "is not a valid name"),
        ("@", "is not a valid name"),
        ("HEAD", "is not a valid name"),
    ],
)
def test_a_branch_has_a_fault_or_none(name, fault):
    assert branch_fault(name).startswith(fault)
    assert bool(branch_fault(name)) is bool(fault)


@pytest.mark.parametrize(
    ("glob", "fault"),
    [
        ("src/**", ""),
        ("**/*.py", ""),
        ("a[bc]/d", ""),
        (".github/x", ""),
        ("", "is empty"),
        ("a\tb", "contains a control character"),
        ("a\x7f", "contains a control character"),
        ("a\\b", "contains a backslash"),
        ("caf\\xe9/*.md", ""),
        ("a\\x41", "contains a backslash"),
        ("{a,b}", "contains braces"),
        ("a:b", "contains a colon"),
        ("/etc", "must be relative"),
        ("~/x", "must be relative"),
        ("!a", "must not begin with !"),
        ("-a", "must not begin with -"),
        ("a/../b", "leaves the repository"),
        (".git/config", "must not name git's own directory"),
        (".GIT", "must not name git's own directory"),
        ("a**/b", "may use ** only"),
        ("a[b", "has a [ or ] without"),
        ("a]b", "has a [ or ] without"),
    ],
)
def test_a_glob_has_a_fault_or_none(glob, fault):
    assert glob_fault(glob).startswith(fault)
    assert bool(glob_fault(glob)) is bool(fault)


def test_globs_are_separated_by_commas_or_blanks_and_quoted_ones_stay_whole():
    assert split_globs("a/**, b  `c d` `e`,f\\_g") == ("a/**", "b", "c d", "e", "f_g")


@pytest.mark.parametrize("quotes", ["``", '""', "“”"])
def test_a_glob_in_quotes_may_contain_blanks_commas_and_words_that_join(quotes):
    begin, end = quotes
    quoted = f"{begin}docs und so/**{end}"
    assert split_globs(quoted) == ("docs und so/**",)
    assert split_globs(f"src/**, {quoted} and {begin}a, b and c.md{end}. (both)") == (
        "src/**",
        "docs und so/**",
        "a, b and c.md",
    )
    assert split_globs(f'`say "hi".md`, {quoted}') == ('say "hi".md', "docs und so/**")


def test_a_quote_without_its_counterpart_is_part_of_a_name():
    assert split_globs('a/5", b') == ('a/5"', "b")


def test_a_title_without_ascii_letters_becomes_the_fallback():
    assert slug("登录", "epic-1") == "epic-1"
    assert slug("x" * 50) == "x" * 39
    assert slug("Straße & Œuvre") == "strasse-oeuvre"


@pytest.mark.parametrize(
    ("yaml", "data"),
    [
        ("0x1F", 31),
        ("0o17", 15),
        ("-0b11", -3),
        ("007", 7),
        ("1_000", 1000),
        ("1.5e3", 1500.0),
        ("true", True),
        ("yes", "yes"),
        ("~", None),
        ("2026-01-01", "2026-01-01"),
        ("!!int x", "x"),
    ],
)
def test_a_yaml_scalar_is_read_by_the_core_schema(yaml, data):
    value, problems = read_yaml(source_of("x.yaml", yaml))
    assert value is not None
    assert (value.data, problems) == (data, ())


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("a: " + "[" * 22 + "]" * 22, "This is nested deeper than 20 levels."),
        ("? [a, b]\n: c", "A key must be a word, not a list or mapping."),
        ("a: &x b\nc: *x", "YAML aliases (*name) are not supported."),
    ],
)
def test_yaml_beyond_the_subset_is_a_problem(yaml, message):
    _, problems = read_yaml(source_of("x.yaml", yaml))
    assert [problem.message for problem in problems] == [message]


def test_a_problem_outside_of_the_file_stands_at_its_first_column():
    source = source_of("x.md", "  a\n\n")
    assert (source.problem(1, "m", "f").column, source.problem(2, "m", "f").column) == (3, 1)
    assert source.problem(0, "m", "f").where == "x.md:1:1"
    assert source.column(9, "a") == 0
