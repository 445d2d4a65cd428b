"""One key of `gitorch.yaml`, read and replaced as text, so that every comment and every other key stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitorch.errors import Usage
from gitorch.text.config_template import Scalar, render, written_yaml
from gitorch.text.source import source_of
from gitorch.text.yaml_file import read_yaml

if TYPE_CHECKING:
    from gitorch.text.yaml_file import YamlValue

NAME = "gitorch.yaml"
WORDS = {"true": True, "false": False}


def key_type(template: str, key: str) -> type | None:
    """The type of a key's default: str, int, bool or tuple for a list; None for a key that the template does not have."""
    value = _value_at(template, key)
    if value is None or isinstance(value.data, Mapping):
        return None
    if value.data is None:
        return str
    return type(value.data)


def read_value(
    template: str,
    key: str,
    text: str,
) -> Scalar:
    """A value as it was typed, in the type of its key; the words of a list are parted by commas.

    Raises Usage for a text that is no such value.
    """
    wanted = key_type(template, key)
    if wanted is bool:
        return _truth(key, text)
    if wanted is int:
        return _number(key, text)
    if wanted is tuple:
        return tuple(word.strip() for word in text.split(",") if word.strip())
    return text


def _truth(key: str, text: str) -> bool:
    if text.lower() not in WORDS:
        raise Usage(f"{key} is true or false, not {text[:40]!r}", f"gitorch config set {key} true")
    return WORDS[text.lower()]


def _number(key: str, text: str) -> int:
    if not text.isdecimal():
        raise Usage(f"{key} is a whole number, not {text[:40]!r}", f"gitorch config set {key} 60")
    return int(text)


def written_value(text: str, key: str) -> str:
    """The value of a key as the file writes it, to the last character; empty for a key that it does not set."""
    value = _value_at(text, key)
    if value is None:
        return ""
    return text[value.spot.start : value.spot.end]


def with_value(
    text: str,
    template: str,
    key: str,
    value: Scalar,
) -> str:
    """The file with another value for one key. A file without the key gets it, and an empty one is the template with it.

    Raises Usage where the key's section is not written as a block.
    """
    if not text.strip():
        return render(template, {key: value})
    if _value_at(text, key) is not None:
        return render(text, {key: value})
    return _with_new_key(text, key, value)


def _with_new_key(
    text: str,
    key: str,
    value: Scalar,
) -> str:
    """The file with a new line for the key, below the line of its section, which is added at the end where it is missing."""
    section, _, name = key.rpartition(".")
    line = f"{name}: {written_yaml(value)}\n"
    if not section:
        return f"{_ended(text)}{line}"

    found = _value_at(text, section)
    if found is None:
        return f"{_ended(text)}\n{section}:\n  {line}"

    start = found.spot.start
    before = text[:start]
    indent = before[before.rfind("\n") + 1 :]
    if indent.strip() or not isinstance(found.data, Mapping):
        raise Usage(
            f"{section} is not written with one key a line, so {key} has to be added by hand",
            f"gitorch config get {key}",
        )
    return f"{before}{line}{indent}{text[start:]}"


def _ended(text: str) -> str:
    """The text with a line break at its end."""
    if text.endswith("\n"):
        return text
    return f"{text}\n"


def _value_at(text: str, key: str) -> YamlValue | None:
    """The value of a key; None for a key that is not there, and for a text that is no YAML."""
    value, _ = read_yaml(source_of(NAME, text))
    for name in key.split("."):
        if value is None or not isinstance(value.data, Mapping):
            return None
        entry = value.data.get(name)
        if entry is None:
            return None
        value = entry.value
    return value
