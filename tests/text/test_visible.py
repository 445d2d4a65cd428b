"""Text from outside is shown without anything that moves a cursor, colours, rings, hides or reorders."""

import pytest

from gitorch.text.visible import is_safe, safe_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc é 図", "a\tb\nc é 図"),
        ("a\u00a0b\u3000c\u00ad", "a\u00a0b\u3000c\u00ad"),
        ("a\r\nb\rc", "a\nb�c"),
        ("\x1b[31mred\x07", "�[31mred�"),
        ("a\x85b\x7fc\u2028d", "a�b�c�d"),
        ("\u202eabc\u2066", "�abc�"),
        ("\ufeffa\ud800b", "�a�b"),
    ],
)
def test_a_text_is_shown_without_what_a_terminal_must_not_receive(text, shown):
    assert safe_text(text) == shown
    assert is_safe(text) is (text == shown)
    assert is_safe(shown)
