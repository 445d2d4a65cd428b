"""Tables that fit, colours where they are wanted, ages in whole units."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.cli.pages.cells import width
from gitorch.cli.pages.page import Cell, Page, duration

WORDS = st.text(st.sampled_from(list("abc 日本🚀")), max_size=40)
PAGE = Page(0, colours=False, now=1_000_000)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=5), st.integers(10, 80), st.integers(0, 4))
def test_no_line_of_a_table_is_wider_than_the_page(rows, columns, indent):
    lines = Page(columns, colours=False, now=0).table(rows, shrinks=(2, 0), indent=indent)
    assert len(lines) == len(rows)
    assert all(width(line) <= columns for line in lines)


def test_columns_are_aligned_and_empty_ones_vanish():
    assert PAGE.table([("a", "", "x"), ("日本", "", "y")]) == ["a     x", "日本  y"]


def test_a_row_with_more_cells_than_the_first_is_a_bug_and_is_not_cut():
    with pytest.raises(ValueError, match="shorter"):
        PAGE.table([("a",), ("b", "c")])


def test_the_columns_that_give_way_shrink_before_the_others():
    lines = Page(30, colours=False, now=0).table([("a-long-identifier", "a reason that goes on and on")], shrinks=(1,))
    assert lines == ["a-long-identifier  a reason t…"]
    lines = Page(30, colours=False, now=0).table([("a-long-identifier", "tail", "x" * 9)], shrinks=(0,))
    assert lines == ["a-long-ident…  tail  xxxxxxxxx"]


def test_a_page_without_columns_cuts_nothing():
    assert PAGE.line("x" * 500) == "x" * 500


def test_line_ends_and_tabs_in_a_cell_are_blanks():
    assert PAGE.table([("a\tb\nc ", "x")]) == ["a b c  x"]


def test_a_cell_with_line_ends_and_escapes_stays_on_one_line():
    assert PAGE.table([("a\nb\x1b[31m",)]) == ["a b�[31m"]


def test_colours_are_escapes_only_where_they_are_wanted():
    painted = Page(20, colours=True, now=0).table([(Cell("done", "green"), "x")])[0]
    assert painted == "\x1b[32mdone\x1b[0m  x"
    assert re.sub("\x1b\\[[0-9]+m", "", painted) == PAGE.table([(Cell("done", "green"), "x")])[0]


def test_a_long_text_is_broken_between_words_and_cut_only_at_its_last_line():
    folded = Page(16, colours=False, now=0).folded("  q2  one two three four five six seven eight", 6, lines_max=3)
    assert folded == ["  q2  one two", "      three four", "      five six…"]


def test_a_page_without_an_edge_breaks_nothing():
    assert Page(0, colours=False, now=0).folded("  q2  one two three\nfour", 6, lines_max=3) == [
        "  q2  one two three four"
    ]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (90_000, "25 h"),
        (172_800, "2 d"),
    ],
)
def test_ages_are_in_their_largest_whole_unit(seconds, expected):
    assert duration(seconds) == expected


def test_the_age_of_an_unknown_time_is_empty():
    assert PAGE.age(None) == ""
    assert PAGE.age(1_000_000 - 180_000) == "3 min"
