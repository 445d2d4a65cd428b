"""Whether values that were read from the cache are of the types that their class declares.

Anything that runs as this user can write the cache, and Python checks no types: a number in the place of a text would stop a
verb far from here. The types are read from the source's own annotations, since `typing` would cost 6 ms to resolve them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from gitorch.model import ids
from gitorch.model.stored import STORED_MODULES
from gitorch.model.values import Value, annotation_of, names_of
from gitorch.model.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Fits = Callable[[Any], bool]

PLAIN = {"str": str, "int": int, "bool": bool, "float": float}
MOMENT_MAX = 253_402_300_800_000
"""The beginning of the year 10000."""

OPTIONAL, ANY_LENGTH = " | None", ", ..."


def _stored_classes() -> dict[str, type]:
    """Each class of values and of words that a state can hold, by its name.

    No two modules of the model may have a class of one name. A module also offers the classes that it imports, which are the
    same objects.
    """
    classes: dict[str, type] = {}
    for module in STORED_MODULES:
        for name, cls in vars(module).items():
            if isinstance(cls, type) and issubclass(cls, Value | Words):
                classes[name] = cls
    return classes


STORED_CLASSES = _stored_classes()


def require_fields(cls: type[Value], items: Sequence[Any]) -> None:
    """Raise TypeError or ValueError unless these are the values of all fields of this class, in order.

    Values in them are checked already.
    """
    for item, fits in zip(items, _kinds_of(cls), strict=True):
        if not fits(item):
            raise TypeError(f"{cls.__name__} holds no such value: {item!r:.60}")


@cache
def _kinds_of(cls: type[Value]) -> tuple[Fits, ...]:
    """What tells for each field, in order, whether a value fits it."""
    return tuple([_kind(annotation_of(cls, name)) for name in names_of(cls)])


@cache
def _kind(annotation: str) -> Fits:
    """What tells whether a value is of this type, as the source writes it. Raises KeyError for a type that no state holds."""
    if annotation.endswith(OPTIONAL):
        return _or_none(_kind(annotation.removesuffix(OPTIONAL)))

    if annotation == "Moment":
        return _is_moment

    generic, bracket, inner = annotation.removesuffix("]").partition("[")
    if not bracket:
        return _exactly(_class_of(annotation))
    if generic != "tuple":
        return _mapping(*map(_kind, inner.split(", ", 1)))
    if inner.endswith(ANY_LENGTH):
        return _all_of(_kind(inner.removesuffix(ANY_LENGTH)))

    return _each_of([*map(_class_of, inner.split(", "))])


def _class_of(name: str) -> type:
    """The class of this name, of an id the class that it stands for. Raises KeyError."""
    if name in PLAIN:
        return PLAIN[name]
    if name in STORED_CLASSES:
        return STORED_CLASSES[name]

    stands_for: type = vars(ids)[name].__supertype__
    return stands_for


def _is_moment(value: Any) -> bool:
    """Fits timestamps that ISO 8601 can write, as each record does."""
    return type(value) is int and 0 <= value < MOMENT_MAX


def _exactly(cls: type) -> Fits:
    """Fits values of this class alone: True is not the number 1."""
    return lambda value: type(value) is cls


def _or_none(fits: Fits) -> Fits:
    """Fits None, too."""
    return lambda value: value is None or fits(value)


def _all_of(fits: Fits) -> Fits:
    """Fits a tuple of any length whose items all fit."""
    return lambda value: type(value) is tuple and all(map(fits, value))


def _each_of(kinds: Sequence[type]) -> Fits:
    """Fits a tuple with one item of each of these classes."""
    wanted = tuple(kinds)

    def fits(value: Any) -> bool:
        if type(value) is not tuple:
            return False

        return tuple(map(type, value)) == wanted

    return fits


def _mapping(key: Fits, item: Fits) -> Fits:
    """Fits a dict whose keys and values fit."""

    def fits(value: Any) -> bool:
        if type(value) is not dict:
            return False

        return all(map(key, value)) and all(map(item, value.values()))

    return fits
