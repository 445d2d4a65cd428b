"""A step of a script, and the kinds of steps with the shapes of their options."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Never

    from gitorch.scripted.context import TurnContext

Value = str | int | float | bool | list[str] | list[dict[str, "str | int"]]
"""What a TOML file may say in a step, after its shape was checked."""

NO_OPTIONS: Mapping[str, Never] = MappingProxyType({})


class Step(NamedTuple):
    """A step as written: `say = "…"` has the name `say`."""

    name: str
    value: Value
    options: Mapping[str, Value] = NO_OPTIONS
    place: str = ""
    """Where it stands in the script, for messages and markers."""

    @property
    def text(self) -> str:
        """The main value as text, whatever its type is."""
        return str(self.value)

    @property
    def number(self) -> float:
        """The main value as a number; a plain `true` counts as 1, and a text as 0."""
        if not isinstance(self.value, (int, float)):
            return 0.0

        return float(self.value)

    def option(self, name: str, default: str = "") -> str:
        """An option as text; the default when the step does not have it."""
        return str(self.options.get(name, default))

    def flag(self, name: str, *, default: bool) -> bool:
        """An option that is true or false; the default when the step does not have it."""
        return bool(self.options.get(name, default))

    def whole(self, name: str, default: int) -> int:
        """An option that is a whole number; the default when the step does not have it."""
        value = self.options.get(name, default)
        if not isinstance(value, int):
            return default

        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """An option that is a list of texts; one text counts as a list of one, and a missing option as an empty one."""
        value = self.options.get(name, [])
        if isinstance(value, str):
            return (value,)

        if isinstance(value, list):
            return tuple(str(item) for item in value)

        return ()

    def tables(self, name: str) -> tuple[Mapping[str, str | int], ...]:
        """An option that is a list of tables; empty when the step does not have it."""
        value = self.options.get(name, [])
        if not isinstance(value, list):
            return ()

        return tuple(item for item in value if isinstance(item, dict))


class Shape(NamedTuple):
    """The values that an option accepts."""

    description: str
    """For messages: `a text`."""

    holds: Callable[[object], bool]
    """The test of a value."""


class Act(NamedTuple):
    """A kind of step: the function that performs it, and the shapes of its value and options."""

    perform: Callable[[TurnContext, Step], None]
    value: Shape
    options: Mapping[str, Shape] = NO_OPTIONS
    required: tuple[str, ...] = ()
    redo: bool = True
    """False for steps whose result is in a commit: they are left out once that commit exists."""

    boot: bool = False
    """Whether the step may stand before the first prompt, where there is no brief yet."""


def _is_text(value: object) -> bool:
    """Any text, also an empty one."""
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    """A number of at least 0; Python counts true and false as numbers, TOML does not."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False

    return value >= 0


def _is_count(value: object) -> bool:
    """A whole number of at least 0."""
    return isinstance(value, int) and _is_number(value)


def _is_texts(value: object) -> bool:
    """A text, or a list of texts."""
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)

    return isinstance(value, str)


def _stays_inside(value: object) -> bool:
    """A relative path in the worktree that leads neither out of it nor into git's folder.

    Links in the worktree are not followed here.
    """
    if not isinstance(value, str) or not value or value.startswith(("/", "~")):
        return False

    return not {"..", ".git"} & set(value.split("/"))


def _is_regex(value: object) -> bool:
    """A text that `re` can compile."""
    if not isinstance(value, str):
        return False

    try:
        re.compile(value)
    except re.error:
        return False

    return True


TEXT = Shape("a text", _is_text)
REGEX = Shape("a regular expression", _is_regex)
PATH = Shape("a path inside the worktree", _stays_inside)
NUMBER = Shape("a number of at least 0", _is_number)
COUNT = Shape("a whole number of at least 0", _is_count)
PLACE = Shape("a whole number of at least 1", lambda value: _is_count(value) and value != 0)
FLAG = Shape("true or false", lambda value: isinstance(value, bool))
YES_OR_NUMBER = Shape("true, or a number of seconds", lambda value: value is True or _is_number(value))
YES_OR_TEXT = Shape("true, or a text", lambda value: value is True or _is_text(value))
TEXTS = Shape("a list of texts", _is_texts)


def one_of(*words: str) -> Shape:
    """One of these words."""
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
    """A table with a title, in which every key is known and has a value of its shape."""
    if not isinstance(item, dict) or "title" not in item:
        return False

    if not item.keys() <= FINDING_KEYS.keys():
        return False

    return all(FINDING_KEYS[key].holds(value) for key, value in item.items())


def _is_findings(value: object) -> bool:
    """A list of which every item is a finding."""
    return isinstance(value, list) and all(_is_finding(item) for item in value)


FINDINGS = Shape(
    "a list of tables with title, severity, path, line or at (a regular expression), detail, number",
    _is_findings,
)
