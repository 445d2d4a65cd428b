"""JSON of other tools: what is there and used is taken, and what is not used is named by its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.errors import Malformed, Problem
from gitorch.model.counts import counted
from gitorch.model.json_text import parse_json
from gitorch.text.imports.imported import Left

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from gitorch.text.source import Source


def read_json(source: Source) -> Any:
    """The value of a JSON file. Raises Malformed with the place of the first error."""
    try:
        return parse_json(source.text)
    except ValueError as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        problem = Problem(source.path, line, column, f"This is not JSON: {error}.", "Export the file again.")
        raise Malformed(f"{source.path} cannot be imported", (problem,)) from error


def unused_fields(path: str, rows: Iterable[tuple[str, Mapping[str, Any]]], known: Collection[str]) -> Iterator[Left]:
    """Every field that holds something and is not among the known ones: each name once, at its first place.

    `rows` are mappings with the names of their places.
    """
    places: dict[str, list[str]] = {}
    for where, row in rows:
        for name, value in row.items():
            if name not in known and value not in EMPTY:
                places.setdefault(name, []).append(where)

    for name, found in places.items():
        message = "The field is left out."
        if len(found) > 1:
            message = f"The field is left out, in {counted(len(found), 'place')}."
        yield Left(f"{path}: {found[0]}.{name}", message)


EMPTY: tuple[object, ...] = (None, "", [], {})
"""The values of a field that says nothing."""


def list_of(value: object) -> list[Any]:
    """The value if it is a list; empty for another value."""
    if isinstance(value, list):
        return value
    return []


def mapping_of(value: object) -> dict[str, Any]:
    """The value if it is a mapping; empty for another value."""
    if isinstance(value, dict):
        return value
    return {}


def rows_of(value: object) -> list[dict[str, Any]]:
    """The mappings of a list; empty for another value."""
    rows: list[dict[str, Any]] = []
    for row in list_of(value):
        if isinstance(row, dict):
            rows.append(row)

    return rows


def words(value: object) -> str:
    """A text or number as text; empty for another value."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, str | int | float):
        return str(value).strip()
    return ""


def first_words(row: Mapping[str, Any], *keys: str) -> str:
    """The text of the first of these fields that has one; empty without any."""
    for key in keys:
        text = words(row.get(key))
        if text:
            return text

    return ""


def one_line(text: str) -> str:
    """A text with each run of blanks and line breaks as one blank."""
    return " ".join(text.split())


def paragraphs(*texts: str) -> str:
    """Texts with blank lines between them, without those that are empty."""
    parts: list[str] = []
    for text in texts:
        if text.strip():
            parts.append(text)

    return "\n\n".join(parts)


def checkbox(title: str, *, done: bool, text: str = "") -> str:
    """A task as a checkbox, with its text indented below it."""
    mark = " "
    if done:
        mark = "x"
    lines = [f"- [{mark}] {one_line(title)}"]
    if text.strip():
        lines.append("")
        lines += [f"  {line}".rstrip() for line in text.split("\n")]

    return "\n".join(lines)
