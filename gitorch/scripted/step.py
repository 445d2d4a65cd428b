"""One step of a script, and what a kind of step looks like: a row in the table of everything an agent can do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.scripted.context import TurnContext

Value = str | int | float | bool | list[str] | list[dict[str, "str | int"]]
"""What a TOML file may say in a step, after its shape was checked."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step as written: `say = "…"` has the name `say`. `place` tells people and markers where it stands."""

    name: str
    value: Value
    options: Mapping[str, Value] = field(default_factory=dict)
    place: str = ""

    @property
    def text(self) -> str:
        """The main value as text."""
        return str(self.value)

    @property
    def number(self) -> float:
        """The main value as a number; a plain `true` counts as 1."""
        return float(self.value) if isinstance(self.value, (int, float)) else 0.0

    def option(self, name: str, otherwise: str = "") -> str:
        """An option as text."""
        return str(self.options.get(name, otherwise))

    def flag(self, name: str, *, otherwise: bool) -> bool:
        """An option that is true or false."""
        return bool(self.options.get(name, otherwise))

    def count(self, name: str, otherwise: int) -> int:
        """An option that is a whole number."""
        value = self.options.get(name, otherwise)
        return value if isinstance(value, int) else otherwise

    def texts(self, name: str) -> tuple[str, ...]:
        """An option that is a list of texts; one text counts as a list of one."""
        value = self.options.get(name, [])
        return (
            (value,)
            if isinstance(value, str)
            else tuple(str(item) for item in value)
            if isinstance(value, list)
            else ()
        )

    def tables(self, name: str) -> tuple[Mapping[str, str | int], ...]:
        """An option that is a list of tables."""
        value = self.options.get(name, [])
        return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value must look like: a word for messages, and the test."""

    words: str
    holds: Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Act:
    """A kind of step: what carries it out, and what its value and options look like.

    `redo` is false for steps whose result is in a commit: they are left out when that commit is made already.
    `boot` allows the step before the first prompt, where there is no brief yet.
    """

    perform: Callable[[TurnContext, Step], None]
    value: Shape
    options: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    redo: bool = True
    boot: bool = False


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_list(value: object, of: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, of) for item in value)


def _stays_inside(value: object) -> bool:
    """A path in the worktree: relative, and never up and out or into git's own folder."""
    if not isinstance(value, str) or not value or value.startswith(("/", "~")):
        return False
    return not {"..", ".git"} & set(value.split("/"))


def _is_regex(value: object) -> bool:
    try:
        re.compile(value if isinstance(value, str) else "(")
    except re.error:
        return False
    return True


TEXT = Shape("a text", _is_text)
REGEX = Shape("a regular expression", _is_regex)
PATH = Shape("a path inside the worktree", _stays_inside)
NUMBER = Shape("a number of at least 0", _is_number)
COUNT = Shape("a whole number of at least 0", _is_count)
FLAG = Shape("true or false", lambda value: isinstance(value, bool))
YES_OR_NUMBER = Shape("true, or a number of seconds", lambda value: value is True or _is_number(value))
YES_OR_TEXT = Shape("true, or a text", lambda value: value is True or _is_text(value))
TEXTS = Shape("a list of texts", lambda value: _is_text(value) or _is_list(value, str))


def one_of(*words: str) -> Shape:
    """A value that is one of these words."""
    return Shape("one of " + ", ".join(words), lambda value: value in words)


FINDING_KEYS = {
    "severity": TEXT,
    "title": TEXT,
    "path": TEXT,
    "line": COUNT,
    "at": REGEX,
    "detail": TEXT,
    "number": COUNT,
}


def _is_finding(item: object) -> bool:
    return (
        isinstance(item, dict)
        and "title" in item
        and all(key in FINDING_KEYS and FINDING_KEYS[key].holds(value) for key, value in item.items())
    )


FINDINGS = Shape(
    "a list of tables with title, severity, path, line or at (a regular expression), detail, number",
    lambda value: isinstance(value, list) and all(_is_finding(item) for item in value),
)
