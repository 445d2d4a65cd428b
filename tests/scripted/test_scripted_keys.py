"""Bytes from a terminal become the keys that were meant, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.scripted.console import CONTROLS, edited, fitted, width
from gitorch.scripted.keys import Decoder, Key

PASTE = "\x1b[200~{}\x1b[201~"


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("hello\r", [Key("text", "hello"), Key("enter")]),
        ("grüße\x7f", [Key("text", "grüße"), Key("backspace")]),
        ("a\x03", [Key("text", "a"), Key("interrupt")]),
        ("a\tb", [Key("text", "a\tb")]),
        ("\x04\x15\n", [Key("end"), Key("clear"), Key("newline")]),
        ("\x1b[1;5C\x1bOPx", [Key("text", "x")]),
        ("\x1b[A\x1b[B\x1bOA\x1bOB", [Key("up"), Key("down"), Key("up"), Key("down")]),
        ("\x1b\x03", [Key("escape"), Key("interrupt")]),
        (PASTE.format("a\n  b 你好\n"), [Key("paste", "a\n  b 你好\n")]),
        (PASTE.format("a\rb\r\nc"), [Key("paste", "a\nb\nc")]),
        (PASTE.format("\x03\x1b[A") + "\r", [Key("paste", "\x03\x1b[A"), Key("enter")]),
    ],
)
def test_bytes_become_keys(sent, keys):
    assert Decoder().feed(sent.encode()) == keys


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=60), st.data())
def test_a_paste_is_exact_wherever_the_stream_is_cut(text, data):
    stream = ("é" + PASTE.format(text) + "\r").encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder, keys = Decoder(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        keys += decoder.feed(stream[begin:end])
    assert keys == [Key("text", "é"), Key("paste", text), Key("enter")]


def test_an_escape_alone_is_a_key_once_nothing_follows():
    decoder = Decoder()
    assert decoder.feed(b"\x1b") == []
    assert decoder.undecided
    assert decoder.flush() == [Key("escape")]
    assert decoder.feed(b"x") == [Key("text", "x")]


def test_text_after_an_incomplete_sequence_is_kept():
    decoder = Decoder()
    assert decoder.feed("\x1b[é".encode()) == []
    assert decoder.flush() == [Key("escape"), Key("text", "[é")]


def test_backspace_takes_a_character_with_its_marks():
    assert edited("ae\u0301", Key("backspace")) == "a"
    assert edited("", Key("backspace")) == ""


def test_a_row_never_exceeds_the_terminal_and_keeps_the_end():
    text = "❯ " + "你好" * 30 + "end"
    assert width(fitted(text, 40)) <= 40
    assert fitted(text, 40).endswith("end")
    assert fitted("❯ a\nb", 40) == "❯ a⏎b"


def test_controls_are_sequences_control_characters_and_characters_that_reorder_text():
    assert CONTROLS.sub("", "a\x1b[2Jb\x07c\x9bd\u202ee\u2028f\ufeffg\th\n") == "abcdefg\th\n"
