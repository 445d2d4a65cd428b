"""Read a common record by one regular expression: strings without escapes, whole numbers, true and false.

Such values have only one form, so they need not be parsed and written again to prove that they are canonical. This takes
a third of the time of reading line by line (11 against 32 µs for a lease of 656 bytes).
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gitorch.model.ids import Moment
from gitorch.text.records import canonical
from gitorch.text.records.shape import is_enum, optional, shape

Convert = Callable[[str], Any]

_STRING = f'"([^"\\\\\x00-\x1f{canonical.ODD}]*)"'
_NUMBER = "(0|-?[1-9][0-9]*)"

_SIMPLE: Mapping[Any, tuple[str, Convert | None]] = {
    str: (_STRING, None),
    int: (_NUMBER, int),
    bool: ("(true|false)", "true".__eq__),
}


class LinePattern(NamedTuple):
    """How to match some keys and their values."""

    lines: tuple[str, ...]
    """A pattern with one group for each key."""
    converts: tuple[Convert | None, ...]
    """For each key, how its group becomes a value; None where the group is the value."""


def compiled(keys: Mapping[str, Any]) -> LinePattern:
    """The patterns for keys of these types, in order.

    Each key has one pattern with one group, and one conversion.
    """
    lines, converts = [], []
    for key, hint in keys.items():
        form, convert = _lexeme(hint)
        lines.append(f"{re.escape(key)}: {form}")
        converts.append(convert)

    return LinePattern(tuple(lines), tuple(converts))


def pattern(*lines: str) -> re.Pattern[str]:
    """One pattern for whole lines, each with its end.

    It matches a text only with `fullmatch`.
    """
    return re.compile("".join(f"{line}\n" for line in lines))


def _lexeme(hint: Any) -> tuple[str, Convert | None]:
    """The pattern of a value of this type, and how its group becomes a value."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if hint is Moment:
        return _STRING, shape(hint)[1]
    if isinstance(hint, typing.NewType):
        return _lexeme(hint.__supertype__)
    if is_enum(hint):
        return _STRING, shape(hint)[1]

    inner = optional(hint)
    if inner is not None:
        return _optional(inner, hint)

    return "(.*)", _parsed(hint)


def _optional(inner: Any, hint: Any) -> tuple[str, Convert | None]:
    """The same for a value that can be null."""
    form, convert = _lexeme(inner)
    if form == "(.*)":
        return form, _parsed(hint)

    if convert is None:
        return f"(?:{form}|null)", None

    def convert_or_none(text: str | None) -> Any:
        if text is None:
            return None
        return convert(text)

    return f"(?:{form}|null)", convert_or_none


def _parsed(hint: Any) -> Convert:
    """Reads any canonical JSON of this type."""
    read, decode = canonical.read, shape(hint)[1]
    return lambda text: decode(read(text))
