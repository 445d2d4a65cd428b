"""A call of a verb by a door that has no command line: its arguments by name, checked, and the command line that they stand for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from gitorch.errors import Usage
from gitorch.verbs.verb import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.verbs.verb import Parameter, Verb

TEXT_BYTES_MAX = 100_000
"""Of one argument: Linux lets no argument of a program be longer than 131,072 bytes."""

ARGUMENT_TYPES: Mapping[Kind, tuple[type, ...]] = {
    Kind.FLAG: (bool,),
    Kind.NUMBER: (int,),
    Kind.SECONDS: (int, float),
}
"""The types of Python for the kinds of parameters that are no texts."""


class CommandLine(NamedTuple):
    """What a call of a tool stands for: the words after `gitorch`, and what standard input gives."""

    words: tuple[str, ...]
    given: bytes = b""


def given_parameters(verb: Verb) -> Iterator[tuple[str, Parameter]]:
    """The parameters that a door without files takes, by the names that they have there."""
    for one in verb.parameters:
        if one.content:
            yield one.content, one
        elif not one.typed_only:
            yield one.name, one


def command_line(verb: Verb, arguments: Mapping[str, Any]) -> CommandLine:
    """The command line that a call stands for. Raises Usage with all that is wrong with the arguments, each on a line."""
    known = dict(given_parameters(verb))
    faults: list[str] = []
    for name in arguments:
        if name not in known:
            takes = ", ".join(known) or "nothing"
            faults.append(f"{verb.name} takes no {name!r}; it takes {takes}")

    for name, one in known.items():
        faults += _faults(name, one, arguments.get(name))

    if faults:
        raise Usage("\n".join(faults))

    return _spelled(verb, known, arguments)


def _faults(name: str, one: Parameter, value: Any) -> list[str]:
    """What is wrong with one argument. None counts as missing: some programs send every key."""
    if value is None:
        return _missing(name, one)

    is_list = isinstance(value, list)
    if one.content and not is_list:
        return [f"{name} is a list"]

    if one.content:
        return []

    if one.many and one.is_option and not is_list:
        return [f"{name} is a list of texts"]

    faults: list[str] = []
    for item in _items(one, value):
        faults += _item_faults(name, one, item)

    return faults


def _items(one: Parameter, value: Any) -> list[Any]:
    """The values of one argument: several only where it may have several, as words may."""
    if one.many and isinstance(value, list):
        return value

    return [value]


def _missing(name: str, one: Parameter) -> list[str]:
    """What is wrong with an argument that is not given."""
    if not one.required:
        return []

    return [f"{name} is missing: {one.help}"]


def _item_faults(name: str, one: Parameter, value: Any) -> list[str]:
    """What is wrong with one value of an argument."""
    types = ARGUMENT_TYPES.get(one.kind)
    if types is None:
        return _text_faults(name, value)

    is_kind = isinstance(value, types)
    if isinstance(value, bool):
        is_kind = one.kind is Kind.FLAG

    if is_kind:
        return []

    return [f"{name} is a {one.kind}"]


def _text_faults(name: str, value: Any) -> list[str]:
    """Why a value can be no argument of a program."""
    if not isinstance(value, str):
        return [f"{name} is a text"]

    if "\0" in value:
        return [f"{name} has a NUL character"]

    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return [f"{name} has half a surrogate pair, which is no text"]

    if size > TEXT_BYTES_MAX:
        return [
            f"{name} has {size:,} bytes; at most {TEXT_BYTES_MAX:,} are taken. Put the rest into a file of your worktree"
        ]

    return []


def _spelled(verb: Verb, known: Mapping[str, Parameter], arguments: Mapping[str, Any]) -> CommandLine:
    """The words of a call whose arguments fit. Options are joined to their values, and arguments follow `--`."""
    words = [*verb.name.split(), "--json", *verb.tool_words]
    places: list[str] = []
    given = b""
    for name, one in known.items():
        value = arguments.get(name)
        if value is None:
            continue

        if one.content:
            given = json.dumps(value).encode()
            words += [one.spelling[-1], "-"]
        elif one.is_option:
            words += _option_words(one, value)
        else:
            places += [str(item) for item in _items(one, value)]

    return CommandLine((*words, "--", *places), given)


def _option_words(one: Parameter, value: Any) -> list[str]:
    """An option with its value, or once for each of its values."""
    spelled = one.spelling[-1]
    if value is True:
        return [spelled]

    if value is False:
        return []

    words: list[str] = []
    for item in _items(one, value):
        if spelled.startswith("--"):
            words.append(f"{spelled}={item}")
        else:
            words += [spelled, str(item)]

    return words
