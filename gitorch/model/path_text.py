r"""Names that hold any bytes, as text: a byte that is no UTF-8 is written as `\xe9`, and reading gives it back.

git, file systems and command lines allow every byte but NUL in a name; records, JSON and terminals hold Unicode. The
form is readable, so that a person or an agent can type a name as it was shown (ADR 22). A backslash that would be read
as such an escape is itself written as `\x5c`; every other backslash stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Patterns are text: `re` compiles each at its first use, and most verbs use none. Compiling all takes 2 ms.
_MISREAD = r"\\(?=x(?:5c|[89a-f][0-9a-f]))"
"""A backslash of the name itself, in front of what would be read as a byte."""

_ESCAPED = rb"\\x(5c|[89a-f][0-9a-f])"
_LONE = "[\ud800-\udfff]"

_BYTES = range(0xDC80, 0xDD00)
"""The surrogates that stand for the bytes 0x80 to 0xff in names that Python read from the system."""

_QUOTED = '["\\\\\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]'
"""Characters that end a line, act on a terminal, hide or reorder text, and those of the quotation itself."""

_SHELL_ESCAPED = r"[\\']|[^\x20-\x7e]"

_SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r", '"': r"\"", "\\": r"\\"}


def text_of(name: bytes) -> str:
    """The name as text. `bytes_of` gives the same bytes back."""
    return without_surrogates(re.sub(_MISREAD, r"\\x5c", name.decode("utf-8", "surrogateescape")))


def bytes_of(text: str) -> bytes:
    """The bytes of a name that `text_of` gave, or that somebody typed as it was shown. Never raises."""
    data = without_surrogates(text).encode()
    return re.sub(_ESCAPED, lambda found: bytes([int(found[1], 16)]), data)


def characters_of(text: str) -> str:
    """The name with one character, a lone surrogate, for each escaped byte: what a `?` in a glob stands for."""
    if "\\x" not in text:
        return text

    return bytes_of(text).decode("utf-8", "surrogateescape")


def without_surrogates(text: str) -> str:
    """Text from the system or from JSON with the same escapes for its bytes; other lone surrogates become U+FFFD."""
    if text.isascii():
        return text

    return re.sub(_LONE, _escape, text)


def _escape(found: re.Match[str]) -> str:
    """What stands for one lone surrogate."""
    number = ord(found[0])
    if number in _BYTES:
        return f"\\x{number - 0xDC00:02x}"

    return "\ufffd"


def quoted(path: str) -> str:
    r"""A path for a line of text, as git quotes it: plain if possible, otherwise in quotes with `\n`, `\t`, `\u202e`.

    The escape of a byte stays as it is, in quotes or out of them; non-ASCII letters are not escaped.
    """
    if not _needs_quotes(path):
        return path

    parts = re.split(r"(\\x(?:5c|[89a-f][0-9a-f]))", path)
    parts[::2] = [re.sub(_QUOTED, _quote, part) for part in parts[::2]]
    return f'"{"".join(parts)}"'


def shell_words(words: Iterable[str]) -> str:
    r"""A command to be typed, as `shlex.join` gives it; a word that a terminal would not show as it is becomes `$'caf\xe9'`."""
    return " ".join(map(shell_word, words))


def shell_word(name: object) -> str:
    """One word of a command, such as a path or a branch; every shell but the smallest reads `$'…'`."""
    word = str(name)
    if word.isprintable():
        from shlex import quote  # noqa: PLC0415  # saves other verbs a millisecond

        return quote(word)

    escaped = re.sub(_SHELL_ESCAPED, _shell_escape, word)
    return f"$'{escaped}'"


def _shell_escape(found: re.Match[str]) -> str:
    """The escape of one character between `$'` and `'`."""
    character = found[0]
    if character in "\\'":
        return f"\\{character}"

    if character.isprintable():
        return character

    number = ord(character)
    if number in _BYTES:
        return f"\\x{number - 0xDC00:02x}"

    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "replace"))


def _needs_quotes(path: str) -> bool:
    """Whether a path would be misread in a line: odd characters, blanks at its ends, or an arrow as between two names."""
    if re.search(_QUOTED, path.replace("\\", "")):
        return True

    return path != path.strip() or " -> " in path or not path


def _quote(found: re.Match[str]) -> str:
    """The escape of one character in quotes."""
    character = found[0]
    return _SHORT.get(character) or f"\\u{ord(character):04x}"
