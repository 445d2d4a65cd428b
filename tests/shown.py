"""Values as lines of text, for tests that compare them whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitorch.model.values import Value, default_of, names_of
from gitorch.model.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator


def shown(value: object) -> str:
    """A value in one line, without the fields that have their defaults."""
    if isinstance(value, Value):
        return f"{type(value).__name__}({', '.join(_fields(value))})"
    if isinstance(value, Words):
        return str(value.value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(shown(one) for one in value) + "]"
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(shown(one) for one in value)) + "}"
    return str(value)


def _fields(value: Value) -> Iterator[str]:
    for name in names_of(type(value)):
        held = getattr(value, name)
        if held != default_of(type(value), name):
            yield f"{name}={shown(held)}"


def fields_of(value: object) -> tuple[str, ...]:
    """The names of the fields of a value or dataclass; empty for anything else."""
    if isinstance(value, Value):
        return names_of(type(value))
    if dataclasses.is_dataclass(value):
        return tuple(one.name for one in dataclasses.fields(value))
    return ()


def changes(before: object, after: object, path: str) -> Iterator[str]:
    """The places at which two values differ, with what stands there afterwards."""
    if before == after:
        return
    if fields_of(before) and type(before) is type(after):
        for name in fields_of(before):
            yield from changes(getattr(before, name), getattr(after, name), f"{path}.{name}")
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            yield from changes(before.get(key), after.get(key), f"{path}.{key}")
    elif isinstance(before, tuple) and isinstance(after, tuple) and after[: len(before)] == before:
        yield f"{path} += {shown(after[len(before) :])}"
    else:
        yield f"{path} = {shown(after)}"
