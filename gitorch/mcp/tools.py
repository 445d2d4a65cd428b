"""The verbs of the table as tools: names, schemas, annotations, and the command line that a call of one stands for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from gitorch.verbs.contents import CONTENTS
from gitorch.verbs.table import TABLE
from gitorch.verbs.verb import Kind, Offer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.mcp.caller import Caller
    from gitorch.verbs.verb import Parameter, Verb

TEXT_BYTES_MAX = 100_000
"""Of one argument: Linux lets no argument of a program be longer than 131,072 bytes."""

ARGUMENT_TYPES: Mapping[Kind, tuple[type, ...]] = {
    Kind.FLAG: (bool,),
    Kind.NUMBER: (int,),
    Kind.SECONDS: (int, float),
}
"""The types of Python for the kinds of parameters that are no texts."""

SCHEMA_TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "string",
    Kind.FLAG: "boolean",
    Kind.NUMBER: "integer",
    Kind.SECONDS: "number",
    Kind.LIST: "array",
    Kind.OBJECT: "object",
}


class CommandLine(NamedTuple):
    """What a call of a tool stands for: the words after `gitorch`, and what standard input gives."""

    words: tuple[str, ...]
    given: bytes = b""


class Unfit(Exception):
    """The arguments of a call do not fit the tool; the message lists every fault, for the model to read."""


def tool_name(verb: Verb) -> str:
    """The name of a verb as a tool."""
    return verb.name.replace(" ", "_")


def verb_of(name: object) -> Verb | None:
    """The verb with this name as a tool, offered or not; None for any other name."""
    for verb in TABLE.values():
        if tool_name(verb) == name:
            return verb

    return None


def offered(caller: Caller) -> tuple[Verb, ...]:
    """The verbs that are tools for this caller: those that it may use, and that are of use in a tool."""
    verbs: list[Verb] = []
    for verb in TABLE.values():
        if is_offered(verb, caller):
            verbs.append(verb)

    return tuple(verbs)


def is_offered(verb: Verb, caller: Caller) -> bool:
    """Whether a verb is a tool for this caller."""
    if verb.needs not in caller.capabilities or verb.offered is Offer.NOBODY:
        return False

    return verb.offered is Offer.EVERYBODY or not caller.is_agent


def definition(verb: Verb) -> dict[str, Any]:
    """A verb as the protocol describes a tool."""
    return {
        "name": tool_name(verb),
        "title": verb.name.capitalize(),
        "description": f"{verb.summary}\n\n{verb.details}".rstrip(),
        "inputSchema": input_schema(verb),
        "outputSchema": output_schema(verb),
        "annotations": {
            "title": verb.name.capitalize(),
            "readOnlyHint": not verb.changes,
            "destructiveHint": False,
            "openWorldHint": False,
        },
    }


def input_schema(verb: Verb) -> dict[str, Any]:
    """The JSON schema of a tool's arguments."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, one in _parameters(verb):
        properties[name] = _argument_schema(one)
        if one.required:
            required.append(name)

    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required

    return schema


def _parameters(verb: Verb) -> Iterator[tuple[str, Parameter]]:
    """The parameters that a tool takes, by the names that they have there."""
    for one in verb.parameters:
        if one.content:
            yield one.content, one
        elif not one.typed_only:
            yield one.name, one


def _argument_schema(one: Parameter) -> dict[str, Any]:
    """The schema of one argument."""
    if one.content:
        return {**CONTENTS[one.content], "description": one.help}

    schema: dict[str, Any] = {"type": SCHEMA_TYPES[one.kind]}
    if one.choices:
        schema["enum"] = list(one.choices)

    if one.least is not None:
        schema["minimum"] = one.least

    if one.most is not None:
        schema["maximum"] = one.most

    if one.many and one.is_option:
        schema = {"type": "array", "items": schema}

    return {**schema, "description": _description(one)}


def _description(one: Parameter) -> str:
    """The sentence of a parameter; with its form, where a word stands for one."""
    if "=" not in one.metavar and "," not in one.metavar:
        return one.help

    return f"{one.help} Form: {one.metavar}"


def output_schema(verb: Verb) -> dict[str, Any]:
    """The JSON schema of a tool's answer: the same object that the verb prints with `--json`."""
    properties: dict[str, Any] = {"ok": {"type": "boolean"}}
    for key, kind in verb.result.items():
        properties[key] = {}
        if kind in SCHEMA_TYPES:
            properties[key] = {"type": SCHEMA_TYPES[kind]}

    return {"type": "object", "properties": properties, "required": ["ok"]}


def command_line(verb: Verb, arguments: Mapping[str, Any]) -> CommandLine:
    """The command line that a call stands for. Raises Unfit with all that is wrong with the arguments."""
    known = dict(_parameters(verb))
    faults: list[str] = []
    for name in arguments:
        if name not in known:
            takes = ", ".join(known) or "nothing"
            faults.append(f"{verb.name} takes no {name!r}; it takes {takes}")

    for name, one in known.items():
        faults += _faults(name, one, arguments.get(name))

    if faults:
        raise Unfit("\n".join(faults))

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

    if not one.many or not one.is_option:
        return _item_faults(name, one, value)

    if not is_list:
        return [f"{name} is a list of texts"]

    faults: list[str] = []
    for item in value:
        faults += _item_faults(name, one, item)

    return faults


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
            f"{name} has {size} bytes; at most {TEXT_BYTES_MAX} are taken. Put the rest into a file of your worktree"
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
            places.append(str(value))

    return CommandLine((*words, "--", *places), given)


def _option_words(one: Parameter, value: Any) -> list[str]:
    """An option with its value, or once for each of its values."""
    spelled = one.spelling[-1]
    if value is True:
        return [spelled]

    if value is False:
        return []

    values = [value]
    if one.many:
        values = value

    words: list[str] = []
    for item in values:
        if spelled.startswith("--"):
            words.append(f"{spelled}={item}")
        else:
            words += [spelled, str(item)]

    return words
