"""Command lines spelled exactly as the table of verbs says, which are carried out without click.

Importing click and letting it parse costs more than most verbs do for themselves. click parses every other command line: help,
groups of verbs, options before the verb, `--`, values that begin with a dash, and every slip, which it explains. A test
compares both readings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.cli.interruption import Interrupted
from gitorch.cli.output import write
from gitorch.cli.verb_function import function_of
from gitorch.model.values import Value
from gitorch.verbs.finding import verb_named
from gitorch.verbs.verb import Kind, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitorch.cli.call import Call
    from gitorch.verbs.verb import Verb

JSON = Parameter("--json", "Print one JSON object.", ("--json",), kind=Kind.FLAG)
FOLDER = Parameter("-C", "Run as if gitorch was started in DIR.", ("-C", "--repo"))

DIGITS_MAX = 15
"""Of a number: more digits than any verb has a use for."""


class ExactCall(Value):
    """What a command line says, where it needs no parser."""

    verb: Verb
    values: Mapping[str, Any]
    """Every parameter of the verb by its name."""

    folder: str | None = None
    json: bool = False

    def carry_out(self, call: Call) -> Any:
        """Call the function of the verb, and return what it returns: None or an exit status. Raises Interrupted as click does."""
        call.json = call.json or self.json
        if self.folder is not None:
            call.enter(self.folder)

        try:
            return function_of(self.verb).function(call, **self.values)
        except (EOFError, KeyboardInterrupt) as error:
            write("", to_stderr=True)  # the terminal has shown ^C on this line
            raise Interrupted("") from error


class NotExact(Exception):
    """A command line that click has to parse."""


def carried_out(words: Sequence[str], call: Call) -> Any:
    """Carry out a command line: by itself where it is exact, otherwise by click. Returns an exit status or None."""
    exact = exact_call(words)
    if exact is not None:
        return exact.carry_out(call)

    from gitorch.cli.group import gitorch

    return gitorch.main(list(words), prog_name="gitorch", standalone_mode=False, obj=call)


def exact_call(words: Sequence[str]) -> ExactCall | None:
    """What a command line says; None where click has to parse it."""
    if not words or not words[0].isalpha():
        return None

    verb = verb_named(words[0])
    if verb is None or verb.members:
        return None

    reader = _Reader(verb)
    try:
        reader.take(iter(words[1:]))
        values = reader.finished()
    except NotExact:
        return None

    return ExactCall(verb, values, reader.values.get(FOLDER.name), JSON.name in reader.values)


class _Reader:
    """The values of one command line, taken word by word."""

    def __init__(self, verb: Verb) -> None:
        self._verb = verb
        self._options: dict[str, Parameter] = {}
        for one in (*verb.parameters, JSON, FOLDER):
            for spelled in one.spelling:
                self._options[spelled] = one

        self._places = [one for one in verb.parameters if not one.is_option]
        self.values: dict[str, Any] = {}
        """The values that were given, by the names of their parameters."""

    def take(self, words: Iterator[str]) -> None:
        """Take all words after the verb. Raises NotExact."""
        for word in words:
            if _is_value(word):
                self._take_argument(word)
            else:
                self._take_option(word, words)

    def _take_argument(self, word: str) -> None:
        """Take a word that its place names."""
        if not self._places:
            raise NotExact

        one = self._places[0]
        if not one.many:
            del self._places[0]

        self._keep(one, word)

    def _take_option(self, word: str, following: Iterator[str]) -> None:
        """Take an option, and the word after it where that is its value."""
        spelled, joined, text = word.partition("=")
        if spelled not in self._options:
            raise NotExact

        one = self._options[spelled]
        if joined and not spelled.startswith("--"):
            raise NotExact

        if one.kind is Kind.FLAG:
            self._set(one, joined)
            return

        if not joined:
            text = next(following, "--")
            _require(_is_value(text))

        self._keep(one, text)

    def _set(self, one: Parameter, joined: str) -> None:
        """Set a flag, which has no value."""
        _require(not joined)
        self.values[one.name] = True

    def _keep(self, one: Parameter, text: str) -> None:
        """Keep a value: beside earlier ones where there may be several, otherwise in place of an earlier one."""
        value = _converted(one, text)
        if one.many:
            value = (*self.values.get(one.name, ()), value)

        self.values[one.name] = value

    def finished(self) -> dict[str, Any]:
        """The values of all parameters of the verb. Raises NotExact where a required one is missing."""
        values: dict[str, Any] = {}
        for one in self._verb.parameters:
            if one.name in self.values:
                values[one.name] = self.values[one.name]
            else:
                _require(not one.required)
                values[one.name] = _default(one)

        return values


def _require(holds: bool) -> None:
    """Raise NotExact where this does not hold."""
    if not holds:
        raise NotExact


def _is_value(word: str) -> bool:
    """Whether a word cannot be an option: it begins with no dash, or is the dash that means standard input."""
    return word == "-" or not word.startswith("-")


def _converted(one: Parameter, text: str) -> Any:
    """The value that a text stands for. Raises NotExact for anything but a small whole number within its limits."""
    if one.kind is not Kind.NUMBER and one.kind is not Kind.SECONDS:
        return text

    _require(text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX)
    number = int(text)
    _require(one.least is None or number >= one.least)
    _require(one.most is None or number <= one.most)
    if one.kind is Kind.SECONDS:
        return float(number)

    return number


def _default(one: Parameter) -> Any:
    """The value of a parameter that is not given."""
    if one.many:
        return ()

    if one.default is not None or one.kind is not Kind.FLAG:
        return one.default

    if "/" in one.spelling[0]:
        return None  # neither of the two flags was given

    return False
