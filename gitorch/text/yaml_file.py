"""YAML that people write, as values with their places.

ruamel.yaml reads it (YAML 1.2: `on` and `yes` are words). This module uses its node graph and not its loaded objects: only nodes
have the place of every key and value, and only they allow to report all duplicate keys at once.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from gitorch.errors import Problem
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ruamel.yaml.nodes import Node

    from gitorch.text.source import Source

DEPTH_MAX = 20
"""Deeper than any file of gitorch, and shallow enough that no file exhausts the stack."""

FOLD_MARK = "\a"
"""What ruamel.yaml puts into a folded text (`>`) where a line ended. In the file itself this character is an error."""

_CORE = "tag:yaml.org,2002:"
_WORD_TAGS = frozenset({"str", "timestamp", "merge", "value", "binary", "int", "float", "bool", "null"})


class Spot(Value):
    """A place in a file."""

    line: int
    """Counted from 1."""
    column: int
    """Counted from 1."""
    start: int
    """The first character, counted from 0."""
    end: int
    """The character after the last."""


class Entry(Value):
    """One key of a mapping with its value."""

    key: Spot
    value: YamlValue


class YamlValue(Value):
    """A value and its place. Dates and other types that YAML might guess stay text, as they were written."""

    spot: Spot
    data: str | int | float | bool | tuple[YamlValue, ...] | Mapping[str, Entry] | None


@lru_cache(maxsize=32)
def read_yaml(source: Source) -> tuple[YamlValue | None, tuple[Problem, ...]]:
    """Read one YAML document, and a text that was read lately once.

    The value is None for an empty document, and for text that is not YAML. Problems are in the order of the text.
    Never raises for the contents of the text.
    """
    reader = _NodeReader(source)
    yaml = YAML(typ="rt", pure=True)
    yaml.max_depth = 2 * DEPTH_MAX  # older versions ignore it; `_NodeReader` and RecursionError cover those
    yaml.composer.warn_double_anchors = False

    try:
        node = yaml.compose(source.text)
    except MarkedYAMLError as error:
        reader.broken(*_place_and_reason(error))
        return None, tuple(reader.problems)
    except ReaderError as error:
        reader.broken(error.position, "it contains a control character")
        return None, tuple(reader.problems)
    except RecursionError:
        reader.broken(0, "it is nested too deeply")
        return None, tuple(reader.problems)
    if node is None:
        return None, tuple(reader.problems)

    value = reader.value(node, 0)
    return value, tuple(reader.problems)


def _place_and_reason(error: MarkedYAMLError) -> tuple[int, str]:
    """The first wrong character, counted from 0, and the parser's reason; 0 when the parser names no place."""
    reason = error.problem or error.context or "it cannot be read"
    mark = error.problem_mark or error.context_mark

    if mark is None:
        return 0, reason

    return mark.index, reason


class _NodeReader:
    """Turns nodes into values and collects the problems."""

    def __init__(self, source: Source) -> None:
        """Read nodes that were parsed from this source."""
        self.source = source
        self.problems: list[Problem] = []
        self._starts = [0]

        for line in source.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

        self._visited: set[int] = set()

    def spot(self, start: int, end: int) -> Spot:
        """The place of a span of characters, counted from 0.

        ruamel.yaml's own lines are wrong for this: it takes U+2028 and U+0085 for line ends, too.
        """
        at = min(start, len(self.source.text))
        line = min(bisect_right(self._starts, at), len(self.source.lines))
        return Spot(line, at - self._starts[line - 1] + 1, at, end)

    def broken(self, start: int, why: str) -> None:
        """Complain that the parser gave up here."""
        reason = " ".join(why.split()).rstrip(".")
        if reason.startswith("maximum depth"):
            reason = "it is nested too deeply"

        fix = "Correct the YAML; `key: value` needs the blank."
        self.complain(self.spot(start, start), f"This is not YAML: {reason}.", fix)

    def complain(self, spot: Spot, message: str, fix: str) -> None:
        """Record a problem at this place."""
        self.problems.append(Problem(self.source.path, spot.line, spot.column, message, fix))

    def value(self, node: Node, depth: int) -> YamlValue:
        """The value of a node and everything below it.

        Aliases and values that are nested too deeply are complaints and become empty values.
        """
        spot = self.spot(node.start_mark.index, node.end_mark.index)
        if id(node) in self._visited:
            self.complain(spot, "YAML aliases (*name) are not supported.", "Write the value out again.")
            return YamlValue(spot, None)

        self._visited.add(id(node))
        if depth > DEPTH_MAX:
            self.complain(spot, f"This is nested deeper than {DEPTH_MAX} levels.", "Flatten it.")
            return YamlValue(spot, None)
        return self._value_by_kind(node, depth, spot)

    def _value_by_kind(self, node: Node, depth: int, spot: Spot) -> YamlValue:
        """The value of a node, by the kind of the node."""
        if isinstance(node, MappingNode):
            return YamlValue(spot, self._mapping(node, depth))
        if isinstance(node, SequenceNode):
            return YamlValue(spot, tuple(self.value(item, depth + 1) for item in node.value))

        return YamlValue(spot, self._scalar(node, spot))

    def _mapping(self, node: MappingNode, depth: int) -> Mapping[str, Entry]:
        """The entries of a mapping. Keys that are no words, and keys that occur again, are complaints and left out."""
        entries: dict[str, Entry] = {}
        for key, value in node.value:
            spot = self.spot(key.start_mark.index, key.end_mark.index)
            if not isinstance(key, ScalarNode):
                self.complain(spot, "A key must be a word, not a list or mapping.", "Write the key as one word.")
                continue

            name = str(key.value)
            if name in entries:
                first = entries[name].key.line
                self.complain(spot, f"The key `{name}` is used twice; first on line {first}.", "Remove one of the two.")
                continue

            entries[name] = Entry(spot, self.value(value, depth + 1))

        return entries

    def _scalar(self, node: Node, spot: Spot) -> str | int | float | bool | None:
        """The value of a scalar; its text when the tag is unknown or does not fit."""
        text, tag = str(node.value), str(node.tag).removeprefix(_CORE)
        if getattr(node, "style", None) == ">":
            text = text.replace(FOLD_MARK, "")

        if tag not in _WORD_TAGS:
            self.complain(spot, f"YAML tags such as {node.tag} are not supported.", "Remove the tag.")

        try:
            return _scalar_value(text, tag)
        except ValueError:
            return text


def _scalar_value(text: str, tag: str) -> str | int | float | bool | None:
    """The Python value of a YAML scalar with this tag.

    Raises ValueError if the text is no value of that tag.
    """
    convert = _SCALARS.get(tag, str)
    return convert(text)


def _nothing(_: str) -> None:
    """The value of `null`, `~` and the empty text."""
    return


def _truth_value(text: str) -> bool:
    """True for `true` in any case, False for every other text."""
    return text.lower() == "true"


def _fraction(text: str) -> float:
    """A number with a point or exponent. Raises ValueError for other texts."""
    return float(text.replace("_", ""))


def _whole_number(text: str) -> int:
    """A number in decimal, or with a prefix in another base. Raises ValueError for other texts.

    `int(…, 0)` would refuse `007`.
    """
    digits = text.replace("_", "")
    prefix = digits.lstrip("+-")[:2].lower()

    if prefix in {"0x", "0o", "0b"}:
        return int(digits, 0)

    return int(digits)


_SCALARS: Mapping[str, Callable[[str], str | int | float | bool | None]] = {
    "null": _nothing,
    "bool": _truth_value,
    "int": _whole_number,
    "float": _fraction,
}
"""How the text of a scalar becomes its value, by its tag. With any other tag it stays text."""
