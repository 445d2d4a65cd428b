"""Values of the model as JSON: moments as ISO 8601 in UTC, everything else as it is called in the model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from typing import Any

from gitorch.model.values import Value, names_of
from gitorch.text.records import timestamps


def plain(value: Any) -> Any:
    """The value as lists, dictionaries, texts and numbers."""
    if isinstance(value, Value):
        return {name: _field(getattr(value, name), is_moment) for name, is_moment in _fields(type(value))}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, str | PurePath):
        return str(value)
    return value


def _field(value: Any, is_moment: bool) -> Any:
    return timestamps.iso(value) if is_moment and value is not None else plain(value)


@cache
def _fields(cls: type[Value]) -> tuple[tuple[str, bool], ...]:
    """The fields of a class, and whether each is a moment: the model's annotations are texts."""
    return tuple((name, cls.__annotations__[name] in {"Moment", "Moment | None"}) for name in names_of(cls))


def to_json(value: Mapping[str, Any]) -> str:
    """One line of JSON that the terminal's encoding can hold."""
    import json

    unicode = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    return json.dumps(plain(value), ensure_ascii=not unicode)
