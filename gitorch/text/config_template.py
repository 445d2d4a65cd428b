"""Fills in the template of `gitorch.yaml` for `gitorch init`, without touching its comments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitorch.text.source import source_of
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from gitorch.text.yaml_file import YamlValue

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_NOT_PLAIN = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
"""Words that some YAML version reads as a truth value or as nothing."""

_BEFORE_COMMENT = re.compile(r" {2,}(?=#)")


class Yaml(str):
    """A value that is YAML already, such as `{quality: codex}`; it is written as it is."""

    __slots__ = ()


Scalar = str | int | bool | tuple[str, ...]
"""What a key of the configuration can be set to; a tuple is a list of texts."""


def render(template: str, values: Mapping[str, Scalar]) -> str:
    """The template with other values for some keys (`{"tests.command": "make test"}`).

    Comments and all else stay the same, to the last character; a comment beside a value keeps its column where the value leaves
    room. Raises KeyError for a key that the template does not have.
    """
    value, _ = read_yaml(source_of("gitorch.yaml", template))
    replacements: list[tuple[int, int, str]] = []

    for key, new in values.items():
        start, end = _span(value, key)
        replacements.append((start, end, written_yaml(new)))

    # From the end, so that earlier places stay where they are.
    for start, end, text in sorted(replacements, reverse=True):
        after = template[end:]
        aligned = _BEFORE_COMMENT.match(after)
        if aligned is not None:
            grown = len(text) - (end - start)
            after = " " * max(aligned.end() - grown, 2) + after[aligned.end() :]

        template = template[:start] + text + after

    return template


def _span(value: YamlValue | None, key: str) -> tuple[int, int]:
    """The first character of a key's value, and the one after its last, counted from 0.

    Raises KeyError for a key that is not there.
    """
    for name in key.split("."):
        if value is None or not isinstance(value.data, Mapping):
            raise KeyError(key)
        value = value.data[name].value
    if value is None:
        raise KeyError(key)

    return value.spot.start, value.spot.end


def written_yaml(value: Scalar) -> str:
    """A value as YAML: YAML as it is, a word that no YAML version reads as something else, otherwise JSON."""
    if isinstance(value, Yaml):
        return value
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_PLAIN:
        return value
    return json.dumps(value, ensure_ascii=False)
