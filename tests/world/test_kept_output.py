"""What is read of a session that is gone: its output as far as it was text."""

from __future__ import annotations

import pytest

from gitorch.world.terminal.session_files import readable


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain\r\n\r\n  lines \r\n", "plain\n  lines"),
        ("\x1b[38;5;211mred\x1b[39m and \x1b[1mbold\x1b[22m", "red and bold"),
        ("\x1b[2GFailed\x1b[9Gto\x1b[12Gconnect", " Failed to connect"),
        ("Failed\x1b[Cto\x1b[1Cconnect", "Failed to connect"),
        ("\x1b[H\x1b[2Jtop\x1b[12;4Hbelow\x1b[Elast", "top\nbelow\nlast"),
        ("\x1b]0;a title\x07\x1b]8;;https://example.invalid\x1b\\text\x1b]8;;\x1b\\", "text"),
        ("one\rtwo", "one\ntwo"),
        ("a\x00b\x7fc", "abc"),
        ("naïve 図 🙂", "naïve 図 🙂"),
        ("\x1b[?2004l\x1b(B\x1b7\x1b8\x1b[>4m", ""),
    ],
)
def test_text_is_left_of_what_a_terminal_was_sent(written: str, read: str) -> None:
    assert readable(written.encode()) == read


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert readable(b"caf\xe9") == "caf�"
