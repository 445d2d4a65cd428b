"""Values of the model as JSON: timestamps are ISO 8601, UTC; everything else keeps its name in the model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from typing import Any

from gitorch.cli.pages.cells import safe_json
from gitorch.model.path_text import without_surrogates
from gitorch.model.values import Value, annotation_of, names_of
from gitorch.text.records import timestamps


def plain(value: Any) -> Any:
    """The value as lists, dictionaries, texts and numbers."""
    if isinstance(value, Value):
        return _value_fields(value)

    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}

    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]

    if isinstance(value, PurePath):
        return without_surrogates(str(value))

    if isinstance(value, str):
        return str(value)

    return value


def _value_fields(value: Value) -> dict[str, Any]:
    """The fields of a value as plain data, by their names."""
    found: dict[str, Any] = {}
    for name, is_moment in _fields(type(value)):
        field = getattr(value, name)
        if is_moment and field is not None:
            found[name] = timestamps.iso(field)
        else:
            found[name] = plain(field)

    return found


@cache
def _fields(cls: type[Value]) -> tuple[tuple[str, bool], ...]:
    """The fields of a class, and whether each is a moment: the model's annotations are texts."""
    return tuple((name, annotation_of(cls, name) in {"Moment", "Moment | None"}) for name in names_of(cls))


def to_json(value: Any) -> str:
    """One line of JSON that the terminal's encoding can hold, without a raw control character."""
    import json

    unicode = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    line = json.dumps(plain(value), ensure_ascii=not unicode)

    return safe_json(line)
