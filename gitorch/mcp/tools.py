"""The verbs of the table as tools: names, schemas, annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.verbs.calls import given_parameters
from gitorch.verbs.contents import CONTENTS
from gitorch.verbs.table import TABLE
from gitorch.verbs.verb import Kind, Offer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.mcp.caller import Caller
    from gitorch.verbs.verb import Parameter, Verb

SCHEMA_TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "string",
    Kind.FLAG: "boolean",
    Kind.NUMBER: "integer",
    Kind.SECONDS: "number",
    Kind.LIST: "array",
    Kind.OBJECT: "object",
}


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
    for name, one in given_parameters(verb):
        properties[name] = _argument_schema(one)
        if one.required:
            required.append(name)

    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required

    return schema


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
