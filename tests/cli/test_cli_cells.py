"""Text in columns: widths as terminals count them, cuts that never overflow, nothing that moves a cursor."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.cli.pages.cells import cut, pad, safe_json, safe_line, safe_page, width
from gitorch.text.visible import safe_text

TEXT = st.text(st.sampled_from(list("ab 日本é\u0301🚀👩\u200d💻\ufe0f❤-…")), max_size=30)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("日本", 4),
        ("e\u0301", 1),
        ("🚀", 2),
        ("👩\u200d💻", 2),
        ("❤\ufe0f", 2),
        ("ｆ", 2),
        ("…", 1),
    ],
)
def test_width_counts_columns(text, columns):
    assert width(text) == columns


@given(TEXT, st.integers(0, 12))
def test_a_cut_text_fits_and_one_that_fits_is_not_cut(text, columns):
    assert width(cut(text, columns)) <= columns
    if width(text) <= columns:
        assert cut(text, columns) == text


@given(TEXT, st.integers(1, 12))
def test_a_padded_text_takes_exactly_its_columns(text, columns):
    assert width(pad(text, columns)) == columns


def test_a_cut_never_parts_a_character_from_its_marks():
    assert cut("ae\u0301e\u0301e\u0301", 3) == "ae\u0301…"
    assert cut("a👩\u200d💻bc", 4) == "a👩\u200d💻…"
    assert cut("日本語", 4) == "日…"


def test_text_from_outside_moves_no_cursor():
    assert safe_text("a\x1b[2Jb\x07\r\u202ec\u009b") == "a�[2Jb���c�"
    assert safe_text("two\r\nlines\tand a tab") == "two\nlines\tand a tab"
    assert safe_line(" a\n\n b\tc ") == "a b c"


def test_a_painted_page_keeps_its_own_colours_and_no_other_sequence():
    assert safe_page("\x1b[31mred\x1b[0m") == "\x1b[31mred\x1b[0m"
    assert safe_page("\x1b[1mbold\x1b[0m \x1b[5mblink\x1b[2J") == "\x1b[1mbold\x1b[0m �[5mblink�[2J"
    assert safe_page("plain") == "plain"


def test_a_line_of_json_stays_json_without_raw_controls():
    line = json.dumps({"a": "\x1b\x7f\x9b\u2028\u202e\ufeffé"}, ensure_ascii=False)
    assert safe_json(line) == '{"a": "\\u001b\\u007f\\u009b\\u2028\\u202e\\ufeffé"}'
    assert json.loads(safe_json(line)) == json.loads(line)
