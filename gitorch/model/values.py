"""`Value`: the base of every frozen value class, and `replace`, which copies a value with some fields changed.

Values are `msgspec.Struct`s. ADR 17 has the measurement: making the 150 classes that a verb imports takes 9 ms, where
`dataclasses` takes 95 ms; construction, equality and copies run in C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

from gitorch.model.msgspec_core import load_core
from gitorch.model.words import Words

_core = load_core()
if TYPE_CHECKING:
    from msgspec import Struct, field
else:
    Struct, field = _core.Struct, _core.Field

__all__ = [
    "REQUIRED",
    "Value",
    "annotation_of",
    "asdict",
    "default_of",
    "field",
    "is_value_class",
    "names_of",
    "replace",
]

T = TypeVar("T", bound="Value")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value(Struct, frozen=True):
    """A frozen value. Two values are equal when they are of one class and all their fields are equal."""


REQUIRED = object()
"""What `default_of` gives for a field without a default."""


if TYPE_CHECKING:

    def replace(value: T, /, **changes: Any) -> T:
        """A copy of a value with these fields changed. Raises TypeError if its class does not have a field."""
        ...
else:
    replace = _core.replace


def asdict(value: Value) -> dict[str, Any]:
    """The fields of a value by name, with nested values, tuples and words as plain ones that `json` can write."""
    plain: dict[str, Any] = _core.to_builtins(value, enc_hook=_text)
    return plain


def _text(word: Any) -> str:
    """The text of a word, which is all that msgspec does not know. Raises TypeError for anything else."""
    if isinstance(word, Words):
        return str(word)
    raise TypeError(f"{word!r} is neither a value, a word, a container nor a primitive, so no value can hold it")


def is_value_class(cls: object) -> bool:
    """Whether this is a class of values."""
    if not isinstance(cls, type):
        return False

    return issubclass(cls, Value)


def names_of(cls: type[Value]) -> tuple[str, ...]:
    """The names of a value class's fields, in order."""
    return cls.__struct_fields__


def annotation_of(cls: type[Value], name: str) -> str:
    """The type of a field as the source writes it, in this class or in one that it derives from."""
    for base in cls.__mro__:
        written = vars(base).get("__annotations__", {})
        if name in written:
            return str(written[name])
    raise KeyError(name)


def default_of(cls: type[Value], name: str) -> Any:
    """The default of a field, made anew if a factory makes it; `REQUIRED` if it has none."""
    without = len(cls.__struct_fields__) - len(cls.__struct_defaults__)
    place = cls.__struct_fields__.index(name)
    if place < without:
        return REQUIRED

    default = cls.__struct_defaults__[place - without]
    if default is _core.NODEFAULT:
        return REQUIRED

    if isinstance(default, _core.Factory):
        return default.factory()

    return default
