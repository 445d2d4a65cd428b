"""A mapping read against what it may hold: every getter checks one key's type and bounds, and complains instead of raising."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from gitorch.errors import Problem
from gitorch.text.yaml_file import Entry, Spot, YamlValue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Word = TypeVar("Word", bound=StrEnum)

NOWHERE = YamlValue(Spot(1, 1, 0, 0), {})
"""An empty mapping at the top of a file."""


@dataclass(slots=True)
class Complaints:
    """Every problem found in one file so far."""

    path: str
    found: list[Problem] = field(default_factory=list)

    def add(self, spot: Spot, message: str, fix: str) -> None:
        """One more problem."""
        self.found.append(Problem(self.path, spot.line, spot.column, message, fix))

    def sorted(self) -> tuple[Problem, ...]:
        """All of them in file order, each once."""
        return in_file_order(self.found)


def in_file_order(problems: Collection[Problem]) -> tuple[Problem, ...]:
    """Problems by line and column, keeping the order of files in which they came, each once."""
    paths = list(dict.fromkeys(problem.path for problem in problems))
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda problem: (paths.index(problem.path), problem.line, problem.column)))


def did_you_mean(name: str, known: Collection[str]) -> str:
    """` Did you mean …?`, or an empty string when nothing known is near."""
    # difflib takes tens of microseconds a pair: thousands of unknown names against thousands of known ones must not take minutes.
    near = get_close_matches(name, [*islice(known, 200)], n=1, cutoff=0.6)
    return f" Did you mean `{near[0]}`?" if near else ""


class Form:
    """One mapping of a file. `key` is its dotted path; every key asked for is known, `done` refuses the rest."""

    def __init__(self, complaints: Complaints, value: YamlValue, key: str = "") -> None:
        self.complaints = complaints
        self.key = key
        self.spot = value.spot
        self._entries: Mapping[str, Entry] = {}
        self._known: dict[str, None] = {}
        if isinstance(value.data, Mapping):
            self._entries = value.data
        elif value.data is not None:
            complaints.add(
                value.spot, f"{self._named(key)} must be a mapping of keys to values.", "Write `key: value` lines."
            )

    def at(self, name: str) -> str:
        """The dotted path of a key."""
        return f"{self.key}.{name}" if self.key else name

    def has(self, name: str) -> bool:
        """Whether the key is there, with or without a value."""
        return name in self._entries

    def names(self) -> tuple[str, ...]:
        """The keys that are there, in order."""
        return tuple(self._entries)

    def spot_of(self, name: str) -> Spot:
        """Where the value of a key stands, or its mapping where it is missing."""
        return self._entries[name].value.spot if name in self._entries else self.spot

    def key_spot(self, name: str) -> Spot:
        """Where a key itself stands, or its mapping where it is missing."""
        return self._entries[name].key if name in self._entries else self.spot

    def complain(self, name: str, message: str, fix: str) -> None:
        """Complain about the value of a key."""
        self.complaints.add(self.spot_of(name), f"`{self.at(name)}` {message}", fix)

    def get(self, name: str) -> YamlValue | None:
        """The value of a key, whatever it is; None when it is missing or empty."""
        self._known[name] = None
        entry = self._entries.get(name)
        return entry.value if entry and entry.value.data is not None else None

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """One line or more of text; numbers and truth values count as the words they were written with only when quoted."""
        value = self.get(name)
        if value is None:
            if required:
                self.missing(name)
            return default
        if not isinstance(value.data, str):
            self.complain(name, "must be text.", "Put it in quotes.")
            return default
        if required and not value.data.strip():
            self.complain(name, "is empty.", f"Write after `{name}:` what it is.")
        return value.data

    def word(self, name: str, default: str = "", *, required: bool = False) -> str:
        """Text, or a whole number taken as text: ids and versions."""
        value = self.get(name)
        if value is not None and isinstance(value.data, int) and not isinstance(value.data, bool):
            return str(value.data)
        return self.text(name, default, required=required)

    def number(self, name: str, default: int, *, minimum: int = 0, maximum: int = 10_000_000) -> int:
        """A whole number within bounds."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value.data, int) or isinstance(value.data, bool) or not minimum <= value.data <= maximum:
            self.complain(
                name,
                f"must be a whole number from {minimum} to {maximum}.",
                f"For example: {name}: {default or minimum}",
            )
            return default
        return value.data

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false`."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value.data, bool):
            self.complain(name, "must be true or false.", f"Write `{name}: true` or `{name}: false`.")
            return default
        return value.data

    def choice(self, name: str, default: Word) -> Word:
        """One of the words of an enum."""
        words = [str(word) for word in type(default)]
        said = self.text(name, str(default))
        if said not in words:
            self.complain(name, f"must be one of {', '.join(words)}, not `{said}`.", f"Write `{name}: {default}`.")
            return default
        return type(default)(said)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one text for a list of one."""
        return tuple(text for text, _ in self.placed_texts(name))

    def placed_texts(self, name: str) -> tuple[tuple[str, Spot], ...]:
        """A list of texts with their places; whole numbers are taken as text."""
        value = self.get(name)
        if value is None:
            return ()
        items = value.data if isinstance(value.data, tuple) else (value,)
        texts: list[tuple[str, Spot]] = []
        for item in items:
            if isinstance(item.data, str) or (isinstance(item.data, int) and not isinstance(item.data, bool)):
                texts.append((str(item.data), item.spot))
            else:
                self.complaints.add(
                    item.spot, f"`{self.at(name)}` must be a list of texts.", f"Write `{name}: [one, two]`."
                )
        return tuple(texts)

    def mapping(self, name: str) -> dict[str, str]:
        """A mapping of words to texts."""
        inner = self.form(name)
        return {key: inner.word(key) for key in inner.names()}

    def form(self, name: str) -> Form:
        """A mapping within this one; an empty one when the key is missing."""
        return Form(self.complaints, self.get(name) or YamlValue(self.spot_of(name), None), self.at(name))

    def forms(self, name: str) -> dict[str, Form]:
        """A mapping of names to mappings."""
        inner = self.form(name)
        return {key: inner.form(key) for key in inner.names()}

    def rows(self, name: str) -> Iterator[Form]:
        """A list of mappings."""
        for number, item in enumerate(self._items(name)):
            yield Form(self.complaints, item, f"{self.at(name)}[{number}]")

    def rows_or_words(self, name: str) -> Iterator[Form | tuple[str, Spot]]:
        """A list of mappings, of which any may be one word with its place."""
        for number, item in enumerate(self._items(name)):
            word = isinstance(item.data, str) and item.data.strip()
            yield (word, item.spot) if word else Form(self.complaints, item, f"{self.at(name)}[{number}]")

    def _items(self, name: str) -> tuple[YamlValue, ...]:
        value = self.get(name)
        if value is None:
            return ()
        if not isinstance(value.data, tuple):
            self.complain(name, "must be a list.", f"Write `{name}:` and below it `- key: value`.")
            return ()
        return value.data

    def missing(self, name: str) -> None:
        """Complain that a key is not there."""
        self.complaints.add(self.spot, f"`{self.at(name)}` is missing.", f"Add `{name}:` to {self._named(self.key)}.")

    def unsupported(self, name: str, instead: str) -> None:
        """Refuse a key that other versions may carry out, rather than ignore it."""
        self._known[name] = None
        if name in self._entries:
            spot = self._entries[name].key
            self.complaints.add(spot, f"`{self.at(name)}` is not supported yet, so it would have no effect.", instead)

    def done(self) -> None:
        """Complain about every key that nobody asked for."""
        for name, entry in self._entries.items():
            if name not in self._known:
                hint = did_you_mean(name, self._known)
                known = ", ".join(f"`{key}`" for key in self._known)
                self.complaints.add(
                    entry.key, f"`{self.at(name)}` is not a known key.{hint}", f"Remove it, or use one of {known}."
                )

    @staticmethod
    def _named(key: str) -> str:
        return f"`{key}`" if key else "the top level of the file"
