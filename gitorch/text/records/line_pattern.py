"""The common case of a record, read by one regular expression: strings without escapes, whole numbers, truth values.

Such values are canonical by their very form, so that nothing has to be parsed and written again to be sure. It reads a
record in a third of the time of the line-by-line way (11 against 32 µs for a lease of 656 bytes).
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from gitorch.model.ids import Moment
from gitorch.text.records import canonical
from gitorch.text.records.shape import optional, shape

Convert = Callable[[str], Any]

_STRING = f'"([^"\\\\\x00-\x1f{canonical.ODD}]*)"'
_NUMBER = "(0|-?[1-9][0-9]*)"


class LinePattern(NamedTuple):
    """The lines of some keys as patterns of one group each, and what makes a value of a group; None: it is the value."""

    lines: tuple[str, ...]
    converts: tuple[Convert | None, ...]


def compiled(keys: Mapping[str, Any]) -> LinePattern:
    """The patterns for keys of these types, in order."""
    pairs = [_lexeme(hint) for hint in keys.values()]
    lines = (f"{re.escape(key)}: {form}" for key, (form, _) in zip(keys, pairs, strict=True))
    return LinePattern(tuple(lines), tuple(convert for _, convert in pairs))


def pattern(*lines: str) -> re.Pattern[str]:
    """One pattern for whole lines, each with its end."""
    return re.compile("".join(f"{line}\n" for line in lines))


def _lexeme(hint: Any) -> tuple[str, Convert | None]:
    if hint is Moment:
        return _STRING, shape(hint)[1]
    if isinstance(hint, typing.NewType):
        return _lexeme(hint.__supertype__)
    if hint is str:
        return _STRING, None
    if hint is int:
        return _NUMBER, int
    if hint is bool:
        return "(true|false)", "true".__eq__
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _STRING, shape(hint)[1]
    inner = optional(hint)
    if inner is not None:
        return _optional(inner, hint)
    return "(.*)", _parsed(hint)


def _optional(inner: Any, hint: Any) -> tuple[str, Convert | None]:
    form, convert = _lexeme(inner)
    if form == "(.*)":
        return form, _parsed(hint)
    if convert is None:
        return f"(?:{form}|null)", None
    return f"(?:{form}|null)", lambda text: None if text is None else convert(text)


def _parsed(hint: Any) -> Convert:
    read, decode = canonical.read, shape(hint)[1]
    return lambda text: decode(read(text))
