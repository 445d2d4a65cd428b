"""One key of `gitorch.yaml`, read and replaced as text, so that every comment and every other key stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import NoneType
from typing import TYPE_CHECKING

from gitorch.errors import Usage
from gitorch.text.config_template import Scalar, Yaml, render, written_yaml
from gitorch.text.source import source_of
from gitorch.text.yaml_file import Spot, YamlValue, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "gitorch.yaml"
WORDS = {"true": True, "false": False}
BRACES = re.compile(r"\s*\{.*\}\s*", re.DOTALL)
BRACKETS = re.compile(r"\s*\[.*\]\s*", re.DOTALL)
HALF_QUOTED = re.compile("(?:^|,)['\"]")
"""A word of a list that keeps the quote at its beginning, since a comma parted it from the other one."""

AT_LEAST, UNATTENDED, UNATTENDED_WORD = "approval.at_least", "approval.unattended", "unattended"
LEAST_WITH: Mapping[tuple[str, str, str], Mapping[str, str]] = {
    (UNATTENDED, "True", ""): {AT_LEAST: UNATTENDED_WORD},
    (UNATTENDED, "True", "typed"): {AT_LEAST: UNATTENDED_WORD},
    (UNATTENDED, "False", UNATTENDED_WORD): {AT_LEAST: "typed"},
}
"""The least grade that goes with a new value of `approval.unattended`, by the grade that the file asks for now."""


def key_type(template: str, key: str) -> type | None:
    """The type of a key's default: str, int, bool, tuple for a list, dict for a mapping in braces.

    None for a section, and for a key that the template does not have.
    """
    value = _value_at(template, key)
    if value is None or _is_in_lines(template, value):
        return None

    return type(value.data)


def known_keys(template: str) -> tuple[str, ...]:
    """The keys of the configuration that have a value, in the order of the template."""
    top, _ = read_yaml(source_of(NAME, template))
    if top is None:
        return ()

    return tuple(_keys_in(template, top, ""))


def _keys_in(template: str, value: YamlValue, above: str) -> Iterator[str]:
    """The keys below a section whose own name, with a full stop after it, is `above`."""
    if not isinstance(value.data, Mapping):
        return

    for name, entry in value.data.items():
        if _is_in_lines(template, entry.value):
            yield from _keys_in(template, entry.value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def read_value(
    template: str,
    key: str,
    text: str,
) -> Scalar:
    """A value as it was typed, in the type of its key: as the file writes it, or without its quotes and brackets.

    The words of a list are then parted by commas.
    Raises Usage for a text that is no such value.
    """
    wanted = key_type(template, key)
    if wanted is bool:
        return _truth(key, text)

    if wanted is int:
        return _number(key, text, written_value(template, key))

    if wanted is tuple:
        return _words(key, text)

    if wanted is dict:
        return _mapping(key, text)

    return _unquoted(text)


def _truth(key: str, text: str) -> bool:
    if text.lower() not in WORDS:
        raise Usage(f"{key} is true or false, not {text[:40]!r}", f"gitorch config set {key} true")

    return WORDS[text.lower()]


def _number(key: str, text: str, default: str) -> int:
    if not text.isdecimal():
        raise Usage(f"{key} is a whole number, not {text[:40]!r}", f"gitorch config set {key} {default}")

    return int(text)


def _words(key: str, text: str) -> tuple[str, ...]:
    """The words of a list in brackets, or with nothing but commas between them, each with or without quotes."""
    data = _typed(text).data
    if isinstance(data, tuple):
        return tuple(_word(key, text, item) for item in data)

    if BRACKETS.fullmatch(text) or (isinstance(data, Mapping) and data):
        raise _no_list(key, text)

    words = tuple(_unquoted(word.strip()) for word in text.split(",") if word.strip())
    if HALF_QUOTED.search(",".join(words)):
        raise _no_list(key, text)

    return words


def _word(key: str, text: str, item: YamlValue) -> str:
    """One word of a list; a number or truth value as it was typed."""
    if isinstance(item.data, str):
        return item.data

    if isinstance(item.data, (NoneType, tuple, Mapping)):
        raise _no_list(key, text)

    return text[item.spot.start : item.spot.end]


def _no_list(key: str, text: str) -> Usage:
    return Usage(f"{key} is a list of words, not {text[:40]!r}", f'gitorch config set {key} \'["one", "two"]\'')


def _mapping(key: str, text: str) -> Yaml:
    """A mapping in braces, as it was typed."""
    if not BRACES.fullmatch(text) or _typed(text).data is None:
        raise Usage(f"{key} is a mapping in braces, not {text[:40]!r}", f"gitorch config get {key}")

    return Yaml(text.strip())


def _unquoted(text: str) -> str:
    """The text without the quotes that YAML puts around it, as `config get` prints it; any other text as it is."""
    found = _typed(text)
    if text.startswith(("'", '"')) and found.spot.end == len(text):
        return str(found.data)

    return text


def _typed(text: str) -> YamlValue:
    """A value as it was typed, read as YAML; a value without data and place where that has problems."""
    found, problems = read_yaml(source_of(NAME, text))
    if found is None or problems:
        return YamlValue(Spot(0, 0, 0, 0), None)

    return found


def belonging(
    text: str,
    key: str,
    value: Scalar,
) -> Mapping[str, Scalar]:
    """The key that has to change with this one, with its value; empty where the file agrees with the new value as it is.

    Unattended approvals need two keys. A file that asks for more than a typed one is not lowered by `approval.unattended`.
    """
    least = written_value(text, AT_LEAST)
    if key == AT_LEAST and UNATTENDED_WORD in {value, least}:
        return {UNATTENDED: value == UNATTENDED_WORD}

    return LEAST_WITH.get((key, str(value), least), {})


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

    Raises Usage where the key's value is written in several lines, and where its section is empty.
    """
    if not text.strip():
        return render(template, {key: value})

    found = _value_at(text, key)
    if found is None:
        return _with_new_key(text, key, value)

    if _is_in_lines(text, found):
        raise Usage(f"{key} is written in several lines, so it has to be changed by hand", f"gitorch config get {key}")

    return render(text, {key: value})


def _with_new_key(
    text: str,
    key: str,
    value: Scalar,
) -> str:
    """The file with the key in its section: in its braces, or in a new line. A section that is missing is added at the end."""
    section, _, name = key.rpartition(".")
    line = f"{name}: {written_yaml(value)}\n"
    if not section:
        return f"{_ended(text)}{line}"

    found = _value_at(text, section)
    if found is None and "." in section:
        return _with_new_key(text, section, Yaml(f"{{{name}: {written_yaml(value)}}}"))

    if found is None:
        return f"{_ended(text)}\n{section}:\n  {line}"

    start = found.spot.start
    if text.startswith("{", start):
        comma = ", " * bool(found.data)
        return f"{text[: start + 1]}{name}: {written_yaml(value)}{comma}{text[start + 1 :]}"

    before = text[:start]
    indent = before[before.rfind("\n") + 1 :]
    if indent.strip() or not isinstance(found.data, Mapping):
        raise Usage(
            f"{section} is not written with one key a line, so {key} has to be added by hand",
            f"gitorch config get {key}",
        )
    return f"{before}{line}{indent}{text[start:]}"


def _is_in_lines(text: str, value: YamlValue) -> bool:
    """Whether this is a list or mapping with one item a line, without brackets or braces."""
    return isinstance(value.data, (tuple, Mapping)) and text[value.spot.start] not in "[{"


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
