"""The codec of the Agent Client Protocol: JSON-RPC 2.0, one message a line, read leniently, written strictly."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, TypeAlias

VERSION = 1
"""The version of the protocol that gitorch speaks."""

UNKNOWN_METHOD = -32601
AUTHENTICATION_REQUIRED = -32000

Id: TypeAlias = str | int


class Message(NamedTuple):
    """A message of the program.

    A request has a method and an id, a notification only a method, an answer only an id.
    """

    method: str
    id: Id | None
    params: dict[str, Any]
    result: dict[str, Any]
    error: dict[str, Any] | None
    """Of an answer; None where the request succeeded."""


def read_message(line: bytes) -> Message:
    """The message on one line. Fields that are missing or of another type count as empty. Raises ValueError, with the reason."""
    try:
        value = json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None

    if not isinstance(value, dict):
        raise ValueError("it is not an object")  # noqa: TRY004  the caller asks for no type

    message = Message(
        text_of(value, "method"),
        _id_of(value),
        object_of(value, "params"),
        object_of(value, "result"),
        _error_of(value),
    )
    if not message.method and message.id is None:
        raise ValueError("it has neither a method nor an id")

    return message


def _id_of(value: dict[str, Any]) -> Id | None:
    """The id of a message; None without a legal one. Python takes truth values for numbers."""
    found = value.get("id")
    if isinstance(found, str | int) and not isinstance(found, bool):
        return found

    return None


def _error_of(value: dict[str, Any]) -> dict[str, Any] | None:
    """The error of an answer; None where it has none."""
    if value.get("error") is None:
        return None

    return object_of(value, "error")


def request(number: int, method: str, params: dict[str, Any]) -> bytes:
    """The line of a request of ours."""
    return _line({"id": number, "method": method, "params": params})


def notification(method: str, params: dict[str, Any]) -> bytes:
    """The line of a message that gets no answer."""
    return _line({"method": method, "params": params})


def answer(id_: Id, result: dict[str, Any]) -> bytes:
    """The line that answers a request of the program."""
    return _line({"id": id_, "result": result})


def refusal(id_: Id, code: int, message: str) -> bytes:
    """The line that refuses a request of the program."""
    return _line({"id": id_, "error": {"code": code, "message": message}})


def _line(value: dict[str, Any]) -> bytes:
    """One line of ASCII, which no encoding and no lone surrogate can spoil."""
    return json.dumps({"jsonrpc": "2.0", **value}, separators=(",", ":")).encode("ascii") + b"\n"


def text_of(value: dict[str, Any], key: str) -> str:
    """The text of a field; empty where it has none."""
    found = value.get(key)
    if isinstance(found, str):
        return found

    return ""


def object_of(value: dict[str, Any], key: str) -> dict[str, Any]:
    """The object of a field; empty where it has none."""
    found = value.get(key)
    if isinstance(found, dict):
        return found

    return {}


def objects_of(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects in the list of a field, without whatever else it contains; empty where there is no list."""
    found = value.get(key)
    if not isinstance(found, list):
        return []

    objects: list[dict[str, Any]] = []
    for one in found:
        if isinstance(one, dict):
            objects.append(one)

    return objects


def number_of(value: dict[str, Any], key: str) -> int:
    """The whole number of a field; 0 where it has none, or a negative one."""
    found = value.get(key)
    if isinstance(found, int) and not isinstance(found, bool):
        return max(found, 0)

    return 0


def error_text(error: dict[str, Any]) -> str:
    """What went wrong, in one line: the message, and the details where the program gives them as text or in a field of that name."""
    details = text_of(error, "data") or text_of(object_of(error, "data"), "details")
    parts = []
    for part in (text_of(error, "message"), details):
        if part:
            parts.append(" ".join(part.split()))

    return ": ".join(parts) or "no reason given"
