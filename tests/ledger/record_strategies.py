"""Arbitrary records of every type, made from the type hints of the model."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping

from hypothesis import strategies as st

from gitorch.model.ids import Moment
from gitorch.model.record import Actor, FileRef, Record
from gitorch.model.values import is_value_class, names_of, replace
from gitorch.model.words import Words
from gitorch.text.records.canonical import normal
from gitorch.text.records.released import RELEASED
from gitorch.text.records.shape import hints

NASTY = [
    "",
    "---",
    "\u2028",
    "\u0085",
    "\x00\x1b[31m",
    "\ufeff",
    "1e3",
    "null",
    "~",
    "\U0001f600",
    "a: b # c",
    "'\"\\",
    "\u202e",
    "\r\n",
]
TEXT = st.one_of(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), st.sampled_from(NASTY))
MOMENTS = st.integers(-62_135_596_800_000, 253_402_300_799_999)


SCALARS = {
    Moment: MOMENTS,
    str: TEXT,
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
}


def values(hint) -> st.SearchStrategy:
    if hint in SCALARS:
        return SCALARS[hint]
    if isinstance(hint, typing.NewType):
        return values(hint.__supertype__)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        return st.none() | values(next(one for one in arguments if one is not types.NoneType))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(TEXT, values(arguments[1]), max_size=2)
    if issubclass(hint, Words):
        return st.sampled_from(list(hint))
    return objects(hint)


def objects(cls) -> st.SearchStrategy:
    assert is_value_class(cls), cls
    types_ = hints(cls)
    return st.deferred(
        lambda: st.fixed_dictionaries({name: values(types_[name]) for name in names_of(cls)}).map(
            lambda given: cls(**given)
        )
    )


def events(kind: str) -> st.SearchStrategy:
    """Events of one type, prose already in the form in which records keep it."""
    cls, names = RELEASED[kind]
    made = objects(cls)
    return made.map(lambda event: replace(event, text=normal(event.text))) if "text" in names else made


def records(kind: str) -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {
            "seq": st.integers(0, 10**7),
            "prev": TEXT,
            "at": MOMENTS,
            "run": st.none() | TEXT,
            "actor": objects(Actor),
            "event": events(kind),
            "files": st.lists(objects(FileRef), max_size=2).map(tuple),
        }
    ).map(lambda given: Record(**given))
