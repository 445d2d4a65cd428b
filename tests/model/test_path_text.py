"""Names of any bytes as text: nothing is lost, nothing is read as something else."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitorch.model.path_text import bytes_of, characters_of, quoted, shell_words, text_of, without_surrogates

PIECES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from((b"\\", b"\\x", b"\\x5c", b"\\xe9", b"x5c", b"e9", b"\xe9", b"\xc3\xa9", b"\xed\xb2\x80", b"\n")),
)
NAMES = st.lists(PIECES, max_size=8).map(b"".join)


@given(NAMES)
def test_every_name_comes_back_byte_for_byte(name):
    text = text_of(name)
    assert bytes_of(text) == name
    assert bytes_of(json.loads(json.dumps(text).encode())) == name
    text.encode()


@given(NAMES, NAMES)
def test_two_names_never_have_one_text(one, other):
    assert (text_of(one) == text_of(other)) is (one == other)


@given(NAMES)
def test_a_byte_counts_as_one_character(name):
    assert characters_of(text_of(name)) == name.decode("utf-8", "surrogateescape")


@given(NAMES)
def test_a_quoted_name_is_one_printable_line(name):
    shown = quoted(text_of(name))
    assert shown.isprintable() or not text_of(name).isprintable()
    assert "\n" not in shown
    assert shown == shown.strip()
    assert " -> " not in shown or shown.startswith('"')


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        (b"src/a.py", "src/a.py", "src/a.py"),
        ("né.md".encode(), "né.md", "né.md"),
        (b"caf\xe9.txt", r"caf\xe9.txt", r"caf\xe9.txt"),
        (b"a\\b", r"a\b", r"a\b"),
        (b"a\\xe9", r"a\x5cxe9", r"a\x5cxe9"),
        (b"a\nb\xe9", "a\nb\\xe9", r'"a\nb\xe9"'),
        (b'say "hi"', 'say "hi"', r'"say \"hi\""'),
        (b"a -> b", "a -> b", '"a -> b"'),
        (b" a", " a", '" a"'),
        ("a\u202eb".encode(), "a\u202eb", r'"a\u202eb"'),
    ],
)
def test_a_name_reads(name, text, shown):
    assert text_of(name) == text
    assert quoted(text) == shown


def test_other_halves_of_characters_are_replaced():
    assert without_surrogates("a\ud800b\udce9") == "a\ufffdb\\xe9"


@given(st.binary(min_size=1, max_size=12).filter(lambda word: b"\0" not in word))
@settings(max_examples=25)
def test_a_word_of_a_command_comes_back_from_a_shell(word):
    typed = shell_words(["printf", "%s", word.decode("utf-8", "surrogateescape")])
    assert typed.isprintable()
    assert subprocess.check_output(("bash", "-c", typed)) == word
