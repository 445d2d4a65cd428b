"""States as JSON and back, for the cache: `["RunLine", "auth-7f3a", …]`, a class's name and its fields in order.

Only for files that can be thrown away: no promise across versions, which the cache's key sees to.
"""

from __future__ import annotations

import dataclasses
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gitorch.model import artifact, message, permission, record, review, run, work, workflow

if TYPE_CHECKING:
    from collections.abc import Callable


def _tuple(*items: Any) -> tuple[Any, ...]:
    return items


_MAKERS: dict[str, Callable[..., Any]] = {
    "": _tuple,
    **{
        name: cls
        for module in (permission, workflow, review, artifact, record, message, work, run)
        for name, cls in vars(module).items()
        if isinstance(cls, type) and (dataclasses.is_dataclass(cls) or issubclass(cls, StrEnum))
    },
}
_NAMES: dict[Any, tuple[str, tuple[str, ...]]] = {
    cls: (name, tuple(field.name for field in dataclasses.fields(cls)))
    for name, cls in _MAKERS.items()
    if dataclasses.is_dataclass(cls)
}


def dump(value: Any) -> str:
    """Any value of the model as one line."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Any:
    """The value. Raises ValueError, KeyError or TypeError for what `dump` did not write in this version."""
    return _value(json.loads(text))


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _PRIMITIVE:
        return value
    if kind in _NAMES:
        name, fields = _NAMES[kind]
        return [name, *[_plain(getattr(value, field)) for field in fields]]
    if isinstance(value, StrEnum):
        return [kind.__name__, value.value]
    if isinstance(value, (tuple, list)):
        return ["", *map(_plain, value)]
    return {str(key): _plain(one) for key, one in value.items()}


_PRIMITIVE = frozenset({str, int, float, bool, type(None)})


def _value(plain: Any) -> Any:
    kind = type(plain)
    if kind is list:
        return _MAKERS[plain[0]](*map(_value, plain[1:]))
    if kind is dict:
        return {key: _value(one) for key, one in plain.items()}
    return plain
