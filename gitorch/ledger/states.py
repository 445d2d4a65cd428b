"""States as JSON and back, for the cache: `["RunLine", "auth-7f3a", …]`, a class's name and its fields in order.

Only for files that can be thrown away: no promise across versions, which the cache's key sees to.
"""

from __future__ import annotations

import json
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from gitorch.model import (
    artifact,
    board,
    decision,
    job,
    late_handoff,
    message,
    permission,
    question,
    record,
    report,
    review,
    run,
    session,
    workflow,
)
from gitorch.model.values import Value, is_value_class, names_of

if TYPE_CHECKING:
    from collections.abc import Callable


def _tuple(*items: Any) -> tuple[Any, ...]:
    return items


_MAKERS: dict[str, Callable[..., Any]] = {
    "": _tuple,
    **{
        name: cls
        for module in (
            permission,
            workflow,
            review,
            artifact,
            record,
            message,
            job,
            session,
            question,
            report,
            late_handoff,
            decision,
            run,
            board,
        )
        for name, cls in vars(module).items()
        if isinstance(cls, type) and issubclass(cls, Value | StrEnum)
    },
}
_PRIMITIVE = frozenset({str, int, float, bool, type(None)})


def _fields_of(cls: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Gives the values of a class's fields, in one call of C where it has several."""
    names = names_of(cls)
    return attrgetter(*names) if len(names) > 1 else lambda value: tuple(getattr(value, name) for name in names)


_NAMES: dict[Any, tuple[str, Callable[[Any], tuple[Any, ...]]]] = {
    cls: (name, _fields_of(cls)) for name, cls in _MAKERS.items() if is_value_class(cls)
}

_WORDS = {cls: name for name, cls in _MAKERS.items() if isinstance(cls, type) and issubclass(cls, StrEnum)}


def dump(value: Any) -> str:
    """Any value of the model as one line."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Any:
    """The value. Raises ValueError, KeyError or TypeError for what `dump` did not write in this version."""
    return _value(json.loads(text))


def _plain(value: Any) -> Any:
    """A value as JSON knows it. Most parts are primitive: asked in place and not by a call each, that saves a quarter of the time."""
    kind = type(value)
    if kind in _PRIMITIVE:
        return value
    if kind in _NAMES:
        name, fields = _NAMES[kind]
        return [name, *[one if type(one) in _PRIMITIVE else _plain(one) for one in fields(value)]]
    if kind is tuple:
        return ["", *[one if type(one) in _PRIMITIVE else _plain(one) for one in value]]
    if kind in _WORDS:
        return [_WORDS[kind], str.__str__(value)]  # `value.value` takes four times as long
    return {str(key): one if type(one) in _PRIMITIVE else _plain(one) for key, one in value.items()}


_NESTED = frozenset({list, dict})


def _value(plain: Any) -> Any:
    kind = type(plain)
    if kind is list:
        return _MAKERS[plain[0]](*[_value(one) if type(one) in _NESTED else one for one in plain[1:]])
    if kind is dict:
        return {key: _value(one) if type(one) in _NESTED else one for key, one in plain.items()}
    return plain
