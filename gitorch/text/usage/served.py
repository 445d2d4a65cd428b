"""One answer of a model, and the sum of many: an answer counts once, however often and in whatever order it was written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.model.values import Value
from gitorch.model.work.usage import by_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.work.usage import ModelUsage

COUNT_MAX = 10**12
"""A larger number of tokens is a mistake, or was made up."""


class Served(Value):
    """One answer of a model."""

    id: str
    """The program's own id of it. Lines with the same id describe the same answer."""
    usage: ModelUsage
    rough: bool = False
    """Whether a better record of the same answer follows in newer versions of the program."""


def number(value: object) -> int:
    """A count as a program wrote it; 0 for anything that is none."""
    if type(value) is not int or not 0 <= value <= COUNT_MAX:
        return 0

    return value


def numbers(value: object, *names: str) -> tuple[int, ...]:
    """The counts of these names in a mapping; zeros where it is none."""
    if not isinstance(value, dict):
        return (0,) * len(names)

    return tuple(number(value.get(name)) for name in names)


def micros(value: object) -> int:
    """Dollars as millionths of one; 0 for anything that is no amount."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0

    if not 0 <= value < COUNT_MAX:  # False for NaN too
        return 0

    return round(value * 1_000_000)


def word(value: object) -> str:
    """A name as a program wrote it, at most 200 characters; empty for anything but text."""
    if not isinstance(value, str):
        return ""

    return value[:200]


def add(seen: dict[str, Served], served: Served) -> None:
    """Keep an answer by its id. Of two lines about one answer the larger counts stand: a streamed answer is written as it grows."""
    before = seen.get(served.id)
    if before is None:
        seen[served.id] = served
        return

    seen[served.id] = Served(served.id, before.usage.larger(served.usage), before.rough)


def totals(seen: Mapping[str, Served]) -> tuple[ModelUsage, ...]:
    """What all these answers took together, for each model. Rough lines count only where there is nothing better."""
    exact: list[ModelUsage] = []
    rough: list[ModelUsage] = []
    for served in seen.values():
        kept = rough if served.rough else exact
        kept.append(served.usage)

    return by_model(exact or rough)


def text_of(value: Mapping[str, Any], name: str) -> str:
    """A text field of a line; empty where it is missing."""
    return word(value.get(name))
