"""Entries in settings that other programs share: added and removed without touching the rest of the file."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from gitorch.model.json_text import parse_json

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGIN, END = "# gitorch: begin", "# gitorch: end"
"""The lines around a table of gitorch's in a file of TOML."""


def json_entry(text: str | None, key: Sequence[str]) -> Any:
    """The value at a key; None where the file has none. Raises ValueError for a file that is no JSON object."""
    value: Any = _object(text)
    for name in key:
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]

    return value


def with_json_entry(text: str | None, key: Sequence[str], value: Any) -> str:
    """The file with a value at a key. Raises ValueError where it cannot have one."""
    whole = _object(text)
    place = whole
    for name in key[:-1]:
        place = place.setdefault(name, {})
        if not isinstance(place, dict):
            raise ValueError(f"{name} is no object")  # noqa: TRY004  the caller knows ValueError as "not such a file"

    place[key[-1]] = value
    return _written(whole)


def without_json_entry(text: str, key: Sequence[str]) -> str:
    """The file without the value at a key, and without the objects that this leaves empty; empty when nothing is left."""
    whole = _object(text)
    places = [whole]
    for name in key[:-1]:
        places.append(places[-1][name])

    for place, name in zip(reversed(places), reversed(key), strict=True):
        if name == key[-1] or not place[name]:
            del place[name]

    return _written(whole) if whole else ""


def _object(text: str | None) -> dict[str, Any]:
    """The object of a file; a new one where there is none. Raises ValueError."""
    if text is None or not text.strip():
        return {}

    found = parse_json(text)
    if not isinstance(found, dict):
        raise ValueError("it holds no object")  # noqa: TRY004  the caller knows ValueError as "not such a file"

    return found


def _written(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def toml_block(text: str | None) -> str | None:
    """The table of gitorch's in a file, without the lines around it; None where it has none."""
    if text is None or BEGIN not in text or END not in text:
        return None

    return text.partition(f"{BEGIN}\n")[2].partition(END)[0]


def with_toml_block(text: str | None, block: str) -> str:
    """The file with the table at its end. Raises ValueError where the file is no TOML, or has such a table already."""
    before = text or ""
    if before and not before.endswith("\n"):
        before += "\n"

    whole = f"{before}{BEGIN}\n{block}{END}\n"
    tomllib.loads(whole)
    return whole


def without_toml_block(text: str) -> str:
    """The file without the table; empty when nothing is left."""
    before, _, rest = text.partition(f"{BEGIN}\n")
    after = rest.partition(f"{END}\n")[2]
    return before + after
