"""Values of the model to and from plain JSON, driven by the type hints of their classes.

Strict both ways: what `decode` takes is exactly what `encode` gives. Converters are compiled once a class, when it is
first met, since the hints of all records cost 6 ms and a verb needs a few of them.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any

from gitorch.model import (
    artifact,
    decision,
    events,
    ids,
    job,
    late_handoff,
    permission,
    question,
    record,
    report,
    review,
    run,
    session,
    workflow,
)
from gitorch.model.values import REQUIRED, Value, default_of, is_value_class, names_of
from gitorch.text.records import timestamps

Encode = Callable[[Any], Any]
Decode = Callable[[Any], Any]
Shape = tuple[Encode, Decode]

KEY_CHARACTERS_MAX = 256
"""Of a key in a mapping: YAML readers refuse flow keys beyond 1,024 characters, escapes included."""


class Wrong(ValueError):
    """A plain value that does not have the shape of its type; the message says what was expected."""


@cache
def hints(cls: type) -> Mapping[str, Any]:
    """The types of a model class's fields. Model modules import names for annotations only, so all are offered."""
    names: dict[str, Any] = {"Mapping": Mapping}
    for module in (
        ids,
        permission,
        workflow,
        review,
        artifact,
        job,
        session,
        question,
        report,
        late_handoff,
        decision,
        run,
        record,
        events,
        sys.modules[cls.__module__],
    ):
        names |= vars(module)
    return typing.get_type_hints(cls, globalns=names)


@cache
def shape(hint: Any) -> Shape:
    """The converters of one type. Raises TypeError for a type that records do not hold."""
    if hint is ids.Moment:
        return timestamps.iso, _moment
    if isinstance(hint, typing.NewType):
        return shape(hint.__supertype__)
    if hint in _SCALARS:
        return _SCALARS[hint]
    inner = optional(hint)
    if inner is not None:
        return _optional(shape(inner))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _tuple(shape(arguments[0]))
    if origin is Mapping:
        return _mapping(shape(arguments[1]))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return str, _enum(hint)
    if is_value_class(hint):
        return _object(hint)
    raise TypeError(f"records do not hold {hint!r}")


def _exactly(cls: type, what: str) -> Decode:
    def decode(value: Any) -> Any:
        if type(value) is cls:
            return value
        raise Wrong(f"expected {what}, not {value!r:.60}")

    return decode


def _plain(value: Any) -> Any:
    return value


_SCALARS: dict[Any, Shape] = {
    str: (_plain, _exactly(str, "a string")),
    int: (_plain, _exactly(int, "a whole number")),
    bool: (_plain, _exactly(bool, "true or false")),
    float: (float, _exactly(float, "a number with a fraction")),
}

_text = _SCALARS[str][1]


def _moment(value: Any) -> Any:
    try:
        return timestamps.parse(_text(value))
    except ValueError as error:
        raise Wrong(str(error)) from None


def _enum(cls: type[StrEnum]) -> Decode:
    members = {member.value: member for member in cls}

    def decode(value: Any) -> Any:
        member = members.get(_text(value))
        if member is None:
            raise Wrong(f"{value!r:.60} is not one of {', '.join(members)}")
        return member

    return decode


def optional(hint: Any) -> Any:
    """The type that a hint adds None to, or None for any other hint."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) not in {types.UnionType, typing.Union} or types.NoneType not in arguments:
        return None
    return next(one for one in arguments if one is not types.NoneType)


def _optional(inner: Shape) -> Shape:
    encode_one, decode_one = inner
    return (
        lambda value: None if value is None else encode_one(value),
        lambda value: None if value is None else decode_one(value),
    )


def _tuple(item: Shape) -> Shape:
    encode_one, decode_one = item

    def decode(value: Any) -> Any:
        if type(value) is not list:
            raise Wrong(f"expected a list, not {value!r:.60}")
        return tuple(map(decode_one, value))

    return lambda value: list(map(encode_one, value)), decode


def _mapping(item: Shape) -> Shape:
    encode_one, decode_one = item

    def encode(value: Any) -> Any:
        return {_key(key): encode_one(one) for key, one in value.items()}

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            raise Wrong(f"expected a mapping, not {value!r:.60}")
        return {_key(key): decode_one(one) for key, one in value.items()}

    return encode, decode


def _key(key: str) -> str:
    if len(key) > KEY_CHARACTERS_MAX:
        raise Wrong(f"a key of {len(key)} characters, where {KEY_CHARACTERS_MAX} are allowed: {key:.60}")
    return str(key)


def _object(cls: type[Value]) -> Shape:
    """A value as a mapping in the order of its fields; a field equal to its default is left out, always."""
    fields = [(name, *shape(hints(cls)[name]), default_of(cls, name)) for name in names_of(cls)]
    names = [name for name, *_ in fields]

    def encode(value: Any) -> Any:
        pairs = ((name, getattr(value, name), write, default) for name, write, _, default in fields)
        return {name: write(one) for name, one, write, default in pairs if one != default}

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            raise Wrong(f"expected a mapping, not {value!r:.60}")
        if list(value) != [name for name in names if name in value]:
            raise Wrong(f"the keys {', '.join(value)} are not among {', '.join(names)} in this order")
        return cls(*[_field(value, name, read, default) for name, _, read, default in fields])

    return encode, decode


def _field(value: dict[str, Any], name: str, read: Decode, default: Any) -> Any:
    if name not in value:
        if default is REQUIRED:
            raise Wrong(f"{name} is missing")
        return default
    one = read(value[name])
    if one == default:
        raise Wrong(f"{name} is written although it is the default")
    return one
