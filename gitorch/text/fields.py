"""A mapping read key by key: each method of `Form` checks one value's type and bounds, and complains instead of raising."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from gitorch.errors import Malformed, Problem
from gitorch.model.words import Words
from gitorch.text.complaints import Complaints, did_you_mean
from gitorch.text.source import read_source
from gitorch.text.yaml_file import Entry, Spot, YamlValue, read_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Word = TypeVar("Word", bound=Words)

EMPTY = YamlValue(Spot(1, 1, 0, 0), {})
"""An empty mapping at the top of a file."""


def read_form(path: str, data: bytes, bytes_max: int) -> Form:
    """The top level of a YAML file, as a form that collects all later complaints.

    An empty document is an empty form. Unsupported YAML, such as an alias, is a complaint of the form.
    Raises Malformed when the file is not text, is larger than `bytes_max`, or is not YAML at all.
    """
    source = read_source(path, data, bytes_max)
    if isinstance(source, Problem):
        raise Malformed(f"{path} cannot be read.", (source,))

    value, problems = read_yaml(source)
    complaints = Complaints(path, list(problems))
    if value is None:
        complaints.raise_if_any()

    return Form(complaints, value or EMPTY)


class Form:
    """One mapping of a file, read key by key.

    A method that reads a value of the wrong type complains and returns the default, so that one reading finds every problem.
    Every key that a method asks for is known; `done` complains about the rest.
    """

    def __init__(self, complaints: Complaints, value: YamlValue, key: str = "") -> None:
        """Read from `value`; anything else than a mapping or nothing is a complaint.

        `key` is the dotted path of the mapping, empty at the top level.
        """
        self.complaints = complaints
        self.key = key
        self.spot = value.spot
        self._is_mapping = isinstance(value.data, Mapping) or value.data is None
        self._entries: Mapping[str, Entry] = {}
        self._known: dict[str, None] = {}
        if isinstance(value.data, Mapping):
            self._entries = value.data
        if not self._is_mapping:
            complaints.add(
                value.spot, f"{self._named(key)} must be a mapping of keys to values.", "Write `key: value` lines."
            )

    def at(self, name: str) -> str:
        """The dotted path of a key from the top of the file: `lanes.author.model`.

        Complaints name keys in this form.
        """
        if not self.key:
            return name
        return f"{self.key}.{name}"

    def has(self, name: str) -> bool:
        """Whether the key is there, with or without a value.

        `get` tells the two apart: it is None for a key without a value.
        """
        return name in self._entries

    def names(self) -> tuple[str, ...]:
        """The keys that are there, in the order of the file.

        Asking for them makes none of them known: each still needs a reader.
        """
        return tuple(self._entries)

    def spot_of(self, name: str) -> Spot:
        """The place of a key's value.

        The place of the whole mapping when the key is missing.
        """
        if name not in self._entries:
            return self.spot
        return self._entries[name].value.spot

    def key_spot(self, name: str) -> Spot:
        """The place of the key itself.

        The place of the whole mapping when the key is missing.
        """
        if name not in self._entries:
            return self.spot
        return self._entries[name].key

    def places(self) -> dict[str, tuple[int, int]]:
        """Line and column of every key in this mapping and in the mappings below it, by dotted path.

        Both count from 1. Lists are not entered.
        """
        return dict(_places(self._entries, self.key))

    def complain(self, name: str, message: str, fix: str) -> None:
        """Complain about the value of a key.

        `message` goes on after the key's dotted path: `` `tests.command` must be text.``
        """
        self.complaints.add(self.spot_of(name), f"`{self.at(name)}` {message}", fix)

    def complain_of_key(self, name: str, message: str, fix: str) -> None:
        """Record a problem of a key itself, such as a name that is not allowed.

        `message` continues the sentence that begins with the key's dotted path.
        """
        self.complaints.add(self.key_spot(name), f"`{self.at(name)}` {message}", fix)

    def missing(self, name: str) -> None:
        """Complain that a required key is missing.

        Does nothing when this is not even a mapping: that has its own complaint.
        """
        if self._is_mapping:
            message = f"`{self.at(name)}` is missing."
            self.complaints.add(self.spot, message, f"Add `{name}:` to {self._named(self.key)}.")

    def get(self, name: str) -> YamlValue | None:
        """The value of a key, of any type; None when it is missing or empty.

        Makes the key known.
        """
        self._known[name] = None
        entry = self._entries.get(name)
        if entry is None or entry.value.data is None:
            return None

        return entry.value

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        """Text of one line or more, as it is written.

        Unquoted numbers and truth values are not text: they are a complaint, and the default is returned.
        With `required`, a missing key and blank text are complaints, too.
        """
        value = self.get(name)
        if value is None:
            if required:
                self.missing(name)
            return default

        if not isinstance(value.data, str):
            self.complain(name, "must be text.", "Put it in quotes.")
            return default

        if required and not value.data.strip():
            self.complain(name, "is empty.", f"Write a text after `{name}:`.")

        return value.data

    def word(self, name: str, default: str = "", *, required: bool = False) -> str:
        """Text, or a whole number as text: `version: 2` is as good as `version: "2"`.

        For ids, names and versions. Everything else is as for `text`.
        """
        value = self.get(name)
        if value is not None and _is_whole_number(value.data):
            return str(value.data)

        return self.text(name, default, required=required)

    def number(self, name: str, default: int, *, minimum: int = 0, maximum: int = 10_000_000) -> int:
        """A whole number, bounds included.

        Any other value is a complaint, and the default is returned. The default need not lie within the bounds.
        """
        value = self.get(name)
        if value is None:
            return default

        if isinstance(value.data, int) and _is_whole_number(value.data) and minimum <= value.data <= maximum:
            return value.data

        message = f"must be a whole number from {minimum} to {maximum}."
        self.complain(name, message, f"For example: {name}: {default or minimum}")
        return default

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false`, without quotes.

        Any other value is a complaint, and the default is returned.
        """
        value = self.get(name)
        if value is None:
            return default

        if isinstance(value.data, bool):
            return value.data

        self.complain(name, "must be true or false.", f"Write `{name}: true` or `{name}: false`.")
        return default

    def choice(self, name: str, default: Word) -> Word:
        """A member of the enum of `default`, written as its value.

        Any other word is a complaint, and the default is returned.
        """
        choices = [str(word) for word in type(default)]
        return type(default)(self.one_of(name, choices, str(default)))

    def one_of(self, name: str, choices: Collection[str], default: str) -> str:
        """One of these words.

        Any other word is a complaint that lists them, and the default is returned.
        """
        word = self.text(name, default)
        if word in choices:
            return word

        self.complain(name, f"must be one of {', '.join(choices)}, not `{word}`.", f"Write `{name}: {default}`.")
        return default

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or one text for a list of one; empty when the key is missing.

        Whole numbers become text. Items of other types are complaints and are left out.
        """
        return tuple(text for text, _ in self.placed_texts(name))

    def placed_texts(self, name: str) -> tuple[tuple[str, Spot], ...]:
        """The list that `texts` reads, with the place of each item.

        For lists whose items need complaints of their own.
        """
        value = self.get(name)
        if value is None:
            return ()

        items: tuple[YamlValue, ...] = (value,)
        if isinstance(value.data, tuple):
            items = value.data

        return self._words_of(name, items)

    def _words_of(self, name: str, items: tuple[YamlValue, ...]) -> tuple[tuple[str, Spot], ...]:
        """Those of the items that are words, with their places; any other one is a complaint."""
        texts: list[tuple[str, Spot]] = []

        for item in items:
            if _is_word(item.data):
                texts.append((str(item.data), item.spot))
            else:
                message = f"`{self.at(name)}` must be a list of texts."
                self.complaints.add(item.spot, message, f"Write `{name}: [one, two]`.")

        return tuple(texts)

    def argv(self, name: str) -> tuple[str, ...]:
        """A command as a list of words, since no shell reads it.

        One text with blanks is a complaint that shows the list to write instead.
        """
        argv = self.texts(name)
        if len(argv) == 1 and " " in argv[0]:
            quoted = ", ".join(f'"{word}"' for word in argv[0].split())
            self.complain(name, "must be a list of words.", f"Write `{name}: [{quoted}]`.")

        return argv

    def mapping(self, name: str) -> dict[str, str]:
        """A mapping of words to texts, in the order of the file; empty when the key is missing.

        A value that is neither text nor a whole number is a complaint and becomes an empty text.
        """
        inner = self.form(name)
        return {key: inner.word(key) for key in inner.names()}

    def form(self, name: str) -> Form:
        """The mapping below a key; an empty one when the key is missing.

        Its complaints join those of this form. The caller calls its `done`.
        """
        value = self.get(name) or YamlValue(self.spot_of(name), None)
        return Form(self.complaints, value, self.at(name))

    def forms(self, name: str) -> dict[str, Form]:
        """The mappings below a key, by name, in the order of the file.

        All names are known here; the caller judges them, and calls `done` of each form.
        """
        inner = self.form(name)
        return {key: inner.form(key) for key in inner.names()}

    def rows(self, name: str) -> Iterator[Form]:
        """The mappings of a list; their paths are `key[0]`, `key[1]` and so on.

        An item that is no mapping is a complaint and an empty form. The caller calls `done` of each.
        """
        for number, item in enumerate(self._items(name)):
            yield Form(self.complaints, item, f"{self.at(name)}[{number}]")

    def rows_or_words(self, name: str) -> Iterator[Form | tuple[str, Spot]]:
        """A list in which each item is a mapping, or one word with its place.

        Words come without blanks around them. Items of other types are complaints and empty forms.
        """
        for number, item in enumerate(self._items(name)):
            if isinstance(item.data, str) and item.data.strip():
                yield item.data.strip(), item.spot
            else:
                yield Form(self.complaints, item, f"{self.at(name)}[{number}]")

    def _items(self, name: str) -> tuple[YamlValue, ...]:
        """The items of a list, of any type; a complaint and empty for another value."""
        value = self.get(name)
        if value is None:
            return ()

        if isinstance(value.data, tuple):
            return value.data

        self.complain(name, "must be a list.", f"Write `{name}:` and below it `- key: value`.")
        return ()

    def done(self) -> None:
        """Complain about every key that nobody asked for.

        Call it last: a key that is read afterwards has its complaint already.
        """
        for name in self.unknown():
            known = ", ".join(f"`{key}`" for key in self._known)
            message = f"is not a known key.{did_you_mean(name, self._known)}"
            self.complain_of_key(name, message, f"Remove it, or use one of {known}.")

    def unknown(self) -> tuple[str, ...]:
        """The keys that nobody asked for so far, in the order of the file."""
        return tuple(name for name in self._entries if name not in self._known)

    @staticmethod
    def _named(key: str) -> str:
        """The mapping at a dotted path, as a complaint names it."""
        if not key:
            return "the top level of the file"
        return f"`{key}`"


def _is_whole_number(data: object) -> bool:
    """Whether this is a whole number.

    A truth value is none, though Python counts it as one.
    """
    if not isinstance(data, int):
        return False
    return not isinstance(data, bool)


def _is_word(data: object) -> bool:
    """Whether this can be read as a word: a text, or a whole number."""
    if isinstance(data, str):
        return True
    return _is_whole_number(data)


def _places(entries: Mapping[str, Entry], path: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The places of these entries and of the mappings below them, each mapping before its contents."""
    for name, entry in entries.items():
        key = name
        if path:
            key = f"{path}.{name}"
        yield key, (entry.key.line, entry.key.column)
        if isinstance(entry.value.data, Mapping):
            yield from _places(entry.value.data, key)
