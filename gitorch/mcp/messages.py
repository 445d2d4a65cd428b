"""The codec of JSON-RPC 2.0 on lines: bytes to messages, and answers to bytes. What is no message is a fault to answer, never a crash."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, TypeAlias

from gitorch.text.lines import LINE_BYTES_MAX

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
UNKNOWN_METHOD = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
UNSUPPORTED_VERSION = -32022

Id: TypeAlias = str | int


class Message(NamedTuple):
    """A request, or a notification, which has no id and gets no answer."""

    method: str
    params: dict[str, Any]
    id: Id | None


class Fault(Exception):
    """What is wrong with a message, as the error of its answer."""

    def __init__(self, code: int, message: str, id_: Id | None = None, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = id_
        self.data = data


def parsed(line: bytes | None) -> Message | None:
    """The message of a line; None for a line that wants no answer: a blank one, and an answer to a request of ours.

    Raises Fault for everything else that is no message.
    """
    if line is None:
        raise Fault(INVALID_REQUEST, f"a message is longer than {LINE_BYTES_MAX:,} bytes")

    if not line.strip():
        return None

    value = _value(line)
    if isinstance(value, list):
        raise Fault(INVALID_REQUEST, "batches are not part of this protocol; send one message a line")

    if not isinstance(value, dict):
        raise Fault(INVALID_REQUEST, "a message is a JSON object")

    if "method" not in value and ("result" in value or "error" in value):
        return None

    return _message(value)


def _value(line: bytes) -> Any:
    """The JSON value of a line. Raises Fault, also for a number or a depth that Python does not read."""
    try:
        return json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Fault(PARSE_ERROR, f"this is not JSON: {error}") from None


def _refuse_constant(word: str) -> Any:
    """Raises ValueError for `NaN` and `Infinity`, which Python reads and JSON has not."""
    raise ValueError(f"{word} is no JSON value")


def _message(value: dict[str, Any]) -> Message:
    """The message of an object. Raises Fault, with the id where it has a legal one."""
    id_ = value.get("id")
    if "id" in value and not _is_id(id_):
        raise Fault(INVALID_REQUEST, "the id of a request is a text or a whole number")

    if value.get("jsonrpc") != "2.0":
        raise Fault(INVALID_REQUEST, 'a message has "jsonrpc": "2.0"', id_)

    method = value.get("method")
    if not isinstance(method, str):
        raise Fault(INVALID_REQUEST, "a message names its method", id_)

    params = value.get("params")
    if params is None:
        params = {}

    if not isinstance(params, dict):
        raise Fault(INVALID_PARAMS, "the parameters of a method are an object", id_)

    return Message(method, params, id_)


def _is_id(value: object) -> bool:
    """Whether a value may be the id of a request. Python takes truth values for numbers."""
    if isinstance(value, bool):
        return False

    return isinstance(value, str | int)


def answer(id_: Id, result: dict[str, Any]) -> bytes:
    """The line of an answer."""
    return _line({"jsonrpc": "2.0", "id": id_, "result": result})


def refusal(fault: Fault) -> bytes:
    """The line of an error. One whose request has no readable id has the id null."""
    error: dict[str, Any] = {"code": fault.code, "message": fault.message}
    if fault.data is not None:
        error["data"] = fault.data

    return _line({"jsonrpc": "2.0", "id": fault.id, "error": error})


def _line(value: dict[str, Any]) -> bytes:
    """One line of ASCII, which no encoding and no lone surrogate can spoil."""
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"
