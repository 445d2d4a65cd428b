"""JSON is read by msgspec's core, and comes out as from `json.loads`, whatever the text is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.model.json_text import is_json_object, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ODD = (
    *("1e400", "-1e400", "-0", "-0.0", "1.7976931348623157e309", "1e-400", "9007199254740993.0", "1" * 400, "1" * 5000),
    *('"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\x01"', '"\udc80"', '"\u2028"', '"\\/"', '"\\x"', '"\\u12"'),
    *("NaN", "Infinity", "01", "1.", ".5", "+1", "-", "[1,]", '{"a":1,"a":2}', " [1]\n", "\x0c1", "\ufeff[1]", "[1] x"),
    *(b'"\xff"', '"x"'.encode("utf-16"), b"\xef\xbb\xbf1", b'"\xed\xa0\x80"', b"", b"\0"),
)


def outcome(parse, text):
    """The value with its types, or the class of the error."""
    try:
        return repr(parse(text))
    except ValueError:
        return ValueError


@given(VALUES, st.booleans())
def test_any_value_that_json_wrote_is_read_as_json_reads_it(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert outcome(parse_json, text) == outcome(json.loads, text)


@given(VALUES, st.integers(0, 200), st.sampled_from('"\\{}[],:0-.eE truN\x00\ud800'))
def test_any_text_with_one_character_changed_is_read_or_refused_as_by_json(value, place, character):
    text = json.dumps(value)
    place %= len(text)
    text = text[:place] + character + text[place + 1 :]
    assert outcome(parse_json, text) == outcome(json.loads, text)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


@given(
    st.dictionaries(st.sampled_from("abc"), PLAIN, max_size=3) | PLAIN,
    st.integers(0, 100),
    st.sampled_from("{}[],:0-.eNt "),
)
def test_an_object_is_told_from_anything_else_as_json_tells_it(value, place, character):
    text = json.dumps(value)
    place %= len(text)
    for one in (text, text[:place] + character + text[place + 1 :], text[:place] + text[place + 1 :], text[:place]):
        assert is_json_object(one.encode()) is is_object(one.encode())


@given(VALUES)
def test_an_object_with_any_texts_is_one(value):
    for ascii_only in (True, False):
        text = json.dumps({"any": value}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        assert is_json_object(text)
        assert not is_json_object(text + b"}")


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_texts_are_read_or_refused_as_by_json(text):
    assert outcome(parse_json, text) == outcome(json.loads, text)


def test_reading_loads_no_json_unless_msgspec_refuses_the_text():
    code = "import sys; from gitorch.model.json_text import parse_json; parse_json(sys.argv[1]); print('json' in sys.modules)"
    loaded = [
        subprocess.run((sys.executable, "-c", code, text), check=True, capture_output=True, text=True).stdout.strip()
        for text in ('{"a": [1, 2.5, null]}', "NaN")
    ]
    assert loaded == ["False", "True"]
