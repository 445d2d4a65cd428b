"""YAML that people write, as values that know where they stand.

ruamel.yaml reads it (YAML 1.2: `on` and `yes` are words). Its node graph is used rather than its loaded objects, because only
nodes tell the place of every key and value, and only so can all duplicate keys be reported at once.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from gitorch.errors import Problem
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ruamel.yaml.nodes import Node

    from gitorch.text.source import Source

DEPTH_MAX = 20
"""Deeper than anything gitorch reads, and shallow enough that no file exhausts the stack."""

_CORE = "tag:yaml.org,2002:"
_WORD_TAGS = frozenset({"str", "timestamp", "merge", "value", "binary", "int", "float", "bool", "null"})


class Spot(Value):
    """A place in a file: line and column counted from 1, and the span of characters."""

    line: int
    column: int
    start: int
    end: int


class Entry(Value):
    """One key of a mapping with its value."""

    key: Spot
    value: YamlValue


class YamlValue(Value):
    """A value and its place. Dates and everything else that YAML might guess stay words, as they were written."""

    spot: Spot
    data: str | int | float | bool | tuple[YamlValue, ...] | Mapping[str, Entry] | None


def read_yaml(source: Source, first_line: int = 1) -> tuple[YamlValue | None, tuple[Problem, ...]]:
    """Read one YAML document; None for an empty one, or where it cannot be read at all.

    With `first_line` only the text from that line on is YAML, and places still count from the top of the file.
    """
    skipped = sum(len(line) + 1 for line in source.lines[: first_line - 1])
    reading = _Reading(source, skipped)
    yaml = YAML(typ="rt", pure=True)
    yaml.max_depth = 2 * DEPTH_MAX  # only newer versions heed it; `_Reading` and RecursionError see to the others
    yaml.composer.warn_double_anchors = False
    try:
        node = yaml.compose(source.text[skipped:])
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reading.broken(mark.index if mark else 0, error.problem or error.context or "it cannot be read")
        return None, tuple(reading.problems)
    except ReaderError as error:
        reading.broken(error.position, "it holds a control character")
        return None, tuple(reading.problems)
    except RecursionError:
        reading.broken(0, "it is nested too deeply")
        return None, tuple(reading.problems)
    value = reading.value(node, 0) if node is not None else None
    return value, tuple(reading.problems)


class _Reading:
    """Turns nodes into values, collecting what must not be there."""

    def __init__(self, source: Source, skipped: int) -> None:
        self.source = source
        self.skipped = skipped
        self.problems: list[Problem] = []
        self._starts = [0]
        for line in source.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._seen: set[int] = set()

    def spot(self, start: int, end: int) -> Spot:
        """The place of a span. Counted here, since ruamel.yaml takes U+2028 and U+0085 for line ends too."""
        at = min(start + self.skipped, len(self.source.text))
        line = min(bisect_right(self._starts, at), len(self.source.lines))
        return Spot(line, at - self._starts[line - 1] + 1, at, end + self.skipped)

    def broken(self, start: int, why: str) -> None:
        """The parser gave up here."""
        words = "it is nested too deeply" if why.startswith("maximum depth") else " ".join(why.split()).rstrip(".")
        self.complain(
            self.spot(start, start), f"This is not YAML: {words}.", "Correct the YAML; `key: value` needs the blank."
        )

    def complain(self, spot: Spot, message: str, fix: str) -> None:
        self.problems.append(Problem(self.source.path, spot.line, spot.column, message, fix))

    def value(self, node: Node, depth: int) -> YamlValue:
        spot = self.spot(node.start_mark.index, node.end_mark.index)
        if id(node) in self._seen:
            self.complain(spot, "YAML aliases (*name) are not read here.", "Write the value out again.")
            return YamlValue(spot, None)
        self._seen.add(id(node))
        if depth > DEPTH_MAX:
            self.complain(spot, f"This is nested deeper than {DEPTH_MAX} levels.", "Flatten it.")
            return YamlValue(spot, None)
        if isinstance(node, MappingNode):
            return YamlValue(spot, self._mapping(node, depth))
        if isinstance(node, SequenceNode):
            return YamlValue(spot, tuple(self.value(item, depth + 1) for item in node.value))
        return YamlValue(spot, self._scalar(node, spot))

    def _mapping(self, node: MappingNode, depth: int) -> Mapping[str, Entry]:
        entries: dict[str, Entry] = {}
        for key, value in node.value:
            spot = self.spot(key.start_mark.index, key.end_mark.index)
            if not isinstance(key, ScalarNode):
                self.complain(spot, "A key must be a word, not a list or mapping.", "Write the key as one word.")
                continue
            name = str(key.value)
            if name in entries:
                first = entries[name].key.line
                self.complain(spot, f"The key `{name}` is here twice; first on line {first}.", "Remove one of the two.")
                continue
            entries[name] = Entry(spot, self.value(value, depth + 1))
        return entries

    def _scalar(self, node: Node, spot: Spot) -> str | int | float | bool | None:
        text, tag = str(node.value), str(node.tag).removeprefix(_CORE)
        if tag not in _WORD_TAGS:
            self.complain(spot, f"YAML tags such as {node.tag} are not read here.", "Remove the tag.")
        try:
            return _guess(text, tag)
        except ValueError:
            return text


def _guess(text: str, tag: str) -> str | int | float | bool | None:
    match tag:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            plain = text.replace("_", "")
            return int(plain, 0) if plain.lstrip("+-")[:2].lower() in {"0x", "0o", "0b"} else int(plain)
        case "float":
            return float(text.replace("_", ""))
        case _:
            return text
