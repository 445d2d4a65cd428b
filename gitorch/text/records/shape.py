"""Values of the model to and from plain JSON, driven by the type hints of their classes.

Strict both ways: `decode` accepts exactly what `encode` gives. The converters of a class are made when it is first needed,
since the hints of all records cost 6 ms and a verb needs few of them.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from gitorch.model import events, ids
from gitorch.model.stored import STORED_MODULES
from gitorch.model.values import REQUIRED, Value, default_of, is_value_class, names_of
from gitorch.model.words import Words
from gitorch.text.records import timestamps

Encode = Callable[[Any], Any]
Decode = Callable[[Any], Any]
Shape = tuple[Encode, Decode]

KEY_CHARACTERS_MAX = 256
"""The longest key of a mapping: YAML readers refuse flow keys beyond 1,024 characters, escapes included."""


class WrongShape(ValueError):
    """A plain value that does not have the shape of its type. The message says what was expected."""


@cache
def hints(cls: type) -> Mapping[str, Any]:
    """The types of a model class's fields. Model modules import names for annotations only, so all names are in scope here."""
    names: dict[str, Any] = {"Mapping": Mapping}
    for module in (ids, *STORED_MODULES, events, sys.modules[cls.__module__]):
        names |= vars(module)

    return typing.get_type_hints(cls, globalns=names)


@cache
def shape(hint: Any) -> Shape:
    """The converters of one type, made once and kept.

    Raises TypeError for a type that records do not hold.
    """
    if hint is ids.Moment:
        return timestamps.iso, _moment
    if isinstance(hint, typing.NewType):
        return shape(hint.__supertype__)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if is_enum(hint):
        return str, _enum(hint)
    if is_value_class(hint):
        return _object(hint)

    return _generic(hint)


def is_enum(hint: Any) -> bool:
    """Whether a type is an enumeration of words; generic types are none, and issubclass would refuse them."""
    if not isinstance(hint, type):
        return False
    return issubclass(hint, Words)


def _generic(hint: Any) -> Shape:
    """The converters of `X | None`, `tuple[X, ...]` and `Mapping[str, X]`."""
    inner = optional(hint)
    if inner is not None:
        return _optional(shape(inner))

    match typing.get_origin(hint), typing.get_args(hint):
        case (origin, (item, more)) if origin is tuple and more is Ellipsis:
            return _tuple(shape(item))
        case (origin, (_, item)) if origin is Mapping:
            return _mapping(shape(item))

    raise TypeError(f"records do not hold {hint!r}")


def _exactly(cls: type, what: str) -> Decode:
    """Accepts values of this class alone: True is not the number 1."""

    def decode(value: Any) -> Any:
        if type(value) is cls:
            return value

        raise WrongShape(f"expected {what}, not {value!r:.60}")

    return decode


def _plain(value: Any) -> Any:
    """Encodes what is plain already."""
    return value


_SCALARS: dict[Any, Shape] = {
    str: (_plain, _exactly(str, "a string")),
    int: (_plain, _exactly(int, "a whole number")),
    bool: (_plain, _exactly(bool, "true or false")),
    float: (float, _exactly(float, "a number with a fraction")),
}

_text = _SCALARS[str][1]


def _moment(value: Any) -> Any:
    """Decodes a timestamp."""
    try:
        return timestamps.parse(_text(value))
    except ValueError as error:
        raise WrongShape(str(error)) from None


def _enum(cls: type[Words]) -> Decode:
    """Accepts the values of this enumeration."""
    members = {member.value: member for member in cls}

    def decode(value: Any) -> Any:
        member = members.get(_text(value))
        if member is None:
            raise WrongShape(f"{value!r:.60} is not one of {', '.join(members)}")

        return member

    return decode


def optional(hint: Any) -> Any:
    """The type that a hint adds None to: `str` for `str | None`.

    None for any other hint.
    """
    arguments = typing.get_args(hint)
    is_union = typing.get_origin(hint) in {types.UnionType, typing.Union}
    if not is_union or types.NoneType not in arguments:
        return None

    rest = []
    for argument in arguments:
        if argument is not types.NoneType:
            rest.append(argument)
    return rest[0]


def _optional(inner: Shape) -> Shape:
    """The shape of a value that can be None."""
    encode_one, decode_one = inner

    def encode(value: Any) -> Any:
        if value is None:
            return None
        return encode_one(value)

    def decode(value: Any) -> Any:
        if value is None:
            return None
        return decode_one(value)

    return encode, decode


def _tuple(item: Shape) -> Shape:
    """The shape of a tuple of any length, which is a list in JSON."""
    encode_one, decode_one = item

    def decode(value: Any) -> Any:
        if type(value) is not list:
            raise WrongShape(f"expected a list, not {value!r:.60}")
        return tuple(map(decode_one, value))

    return lambda value: list(map(encode_one, value)), decode


def _mapping(item: Shape) -> Shape:
    """The shape of a mapping with strings as keys."""
    encode_one, decode_one = item

    def encode(value: Any) -> Any:
        return {_key(key): encode_one(one) for key, one in value.items()}

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            raise WrongShape(f"expected a mapping, not {value!r:.60}")
        return {_key(key): decode_one(one) for key, one in value.items()}

    return encode, decode


def _key(key: str) -> str:
    """The key. Raises WrongShape for one that is too long."""
    if len(key) > KEY_CHARACTERS_MAX:
        raise WrongShape(f"a key of {len(key):,} characters, where {KEY_CHARACTERS_MAX:,} are allowed: {key:.60}")
    return str(key)


class _Field(typing.NamedTuple):
    """One field of a class: its name, its converters, and its default."""

    name: str
    encode: Encode
    decode: Decode
    default: Any


def _object(cls: type[Value]) -> Shape:
    """A value as a mapping in the order of its fields. A field that equals its default is always left out."""
    names = names_of(cls)
    fields = [_Field(name, *shape(hints(cls)[name]), default_of(cls, name)) for name in names]

    def encode(value: Any) -> Any:
        mapping = {}
        for name, encode_one, _, default in fields:
            item = getattr(value, name)
            if item != default:
                mapping[name] = encode_one(item)

        return mapping

    def decode(value: Any) -> Any:
        if type(value) is not dict:
            raise WrongShape(f"expected a mapping, not {value!r:.60}")
        if list(value) != [name for name in names if name in value]:
            raise WrongShape(f"the keys {', '.join(value)} are not among {', '.join(names)} in this order")
        return cls(*[_field(value, field) for field in fields])

    return encode, decode


def _field(value: dict[str, Any], field: _Field) -> Any:
    """The value of one field. Raises WrongShape where it is missing, or written although it is the default."""
    if field.name not in value:
        if field.default is REQUIRED:
            raise WrongShape(f"{field.name} is missing")
        return field.default

    item = field.decode(value[field.name])
    if item == field.default:
        raise WrongShape(f"{field.name} is written although it is the default")

    return item
