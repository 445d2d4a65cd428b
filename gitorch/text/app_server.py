"""The messages of Codex's app-server, JSON-RPC without its version: text ⇄ facts.

Read from version 0.171.0 and its own schema (`codex app-server generate-json-schema`). The protocol changes with every version, so an
unknown message or field is passed over, and one of another type tells nothing.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from gitorch.model.app_server import (
    Fact,
    LimitsTold,
    PermissionAsked,
    Reply,
    RequestSettled,
    StatusChanged,
    TextTaken,
    Thread,
    ThreadsChanged,
    TokensTold,
    Turn,
    TurnChanged,
)
from gitorch.model.channel import UsageLimit
from gitorch.model.dialog import PermissionRequest
from gitorch.model.ids import Moment
from gitorch.model.work.usage import ModelUsage
from gitorch.text.usage.served import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

COMMAND = "item/commandExecution/requestApproval"
FILES = "item/fileChange/requestApproval"
PERMISSIONS = "item/permissions/requestApproval"

SHELL_OPTIONS = frozenset({"-c", "-lc"})
WINDOWS = ("primary", "secondary")
COUNTS = ("inputTokens", "cachedInputTokens", "cacheWriteInputTokens", "outputTokens", "reasoningOutputTokens")


def request_text(number: int, method: str, params: Mapping[str, Any]) -> str:
    """A request of ours."""
    return json.dumps({"id": number, "method": method, "params": params})


def notification_text(method: str) -> str:
    """A notification of ours."""
    return json.dumps({"method": method})


def answer_text(request: str, result: Mapping[str, Any]) -> str:
    """The answer to a request of the server, whose id is given as JSON."""
    return json.dumps({"id": json.loads(request), "result": result})


def read_fact(payload: bytes) -> Fact | None:
    """What a message says; None for one that is not used, or makes no sense."""
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        return None

    if not isinstance(message, dict):
        return None

    method = _text(message, "method")
    if not method:
        return _reply(message)

    params = _mapping(message, "params")
    if "id" in message:
        return _request(method, json.dumps(message["id"]), params)

    reader = NOTIFICATIONS.get(method)
    if reader is None:
        return None

    return reader(params)


def _reply(message: Mapping[str, Any]) -> Reply | None:
    """The answer to a request of ours; None for anything else."""
    number = message.get("id")
    if not isinstance(number, int):
        return None

    error = ""
    if "error" in message:
        error = _text(_mapping(message, "error"), "message") or "an error without words"

    return Reply(number, _mapping(message, "result"), error)


def _request(method: str, number: str, params: Mapping[str, Any]) -> PermissionAsked | None:
    """A request of the server for a permission; None for any other, which another client has to answer."""
    reader = REQUESTS.get(method)
    if reader is None:
        return None

    text, command = reader(params)
    if not text:
        return None

    granted: dict[str, Any] = {"decision": "accept"}
    refused: dict[str, Any] = {"decision": "decline"}
    if method == PERMISSIONS:
        granted = {"permissions": _mapping(params, "permissions"), "scope": "turn"}
        refused = {"permissions": {}, "scope": "turn"}

    tool = method.split("/")[1]
    request = PermissionRequest(number, text, tool=tool, command=command, folder=_text(params, "cwd"))
    return PermissionAsked(_text(params, "threadId"), request, granted, refused)


def _command_asked(params: Mapping[str, Any]) -> tuple[str, str]:
    """The command that is to run, without the shell around it that Codex adds; empty for a question about the network."""
    command = without_shell(_text(params, "command"))
    if command:
        return command, command

    return _text(params, "reason"), ""


def _files_asked(params: Mapping[str, Any]) -> tuple[str, str]:
    """What a change of files is asked for; the program tells the files in the item before."""
    words = [_text(params, "reason") or "change files", _text(params, "grantRoot")]
    return " ".join(word for word in words if word), ""


def _permissions_asked(params: Mapping[str, Any]) -> tuple[str, str]:
    """Further permissions, as the program names them."""
    reason = _text(params, "reason")
    wanted = json.dumps(_mapping(params, "permissions"), sort_keys=True, ensure_ascii=False)
    return f"{reason} {wanted}".strip(), ""


REQUESTS: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str]]] = {
    COMMAND: _command_asked,
    FILES: _files_asked,
    PERMISSIONS: _permissions_asked,
}
"""The requests that a permission answers, each with the text that rules are matched against, and the command."""


def without_shell(command: str) -> str:
    """The command inside `/bin/bash -lc '…'`; any other command as it is."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command

    if len(words) != 3 or words[1] not in SHELL_OPTIONS:
        return command

    shell = words[0].rpartition("/")[2]
    if shell.endswith("sh"):
        return words[2]

    return command


def _status_changed(params: Mapping[str, Any]) -> StatusChanged:
    status, flags = _status(params)
    return StatusChanged(_text(params, "threadId"), status, flags)


def _status(holder: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The status of a conversation, and what it waits for."""
    status = _mapping(holder, "status")
    flags = [flag for flag in _list(status, "activeFlags") if isinstance(flag, str)]
    return _text(status, "type"), tuple(flags)


def _turn_changed(params: Mapping[str, Any]) -> TurnChanged:
    return TurnChanged(_text(params, "threadId"), read_turn(_mapping(params, "turn")))


def read_turn(turn: Mapping[str, Any]) -> Turn:
    """One turn, with the error that ended it."""
    error = turn.get("error")
    kind, words = "", ""
    if isinstance(error, dict):
        kind, words = _error_kind(error.get("codexErrorInfo")), _text(error, "message")

    return Turn(_text(turn, "id"), _text(turn, "status"), kind, words)


def _error_kind(info: object) -> str:
    """The kind of an error: a word, or a mapping with one key."""
    if isinstance(info, str):
        return info

    if isinstance(info, dict):
        return str(next(iter(info), "other"))

    return "other"


def _text_taken(params: Mapping[str, Any]) -> TextTaken | None:
    return read_item(_text(params, "threadId"), _mapping(params, "item"))


def read_item(thread: str, item: Mapping[str, Any]) -> TextTaken | None:
    """The text that a user gave; None for an item of another kind."""
    if _text(item, "type") != "userMessage":
        return None

    parts = [_text(part, "text") for part in _rows(item, "content") if _text(part, "type") == "text"]
    return TextTaken(thread, "\n".join(parts), _text(item, "clientId"))


def _settled(params: Mapping[str, Any]) -> RequestSettled:
    return RequestSettled(_text(params, "threadId"), json.dumps(params.get("requestId")))


def _limits(params: Mapping[str, Any]) -> LimitsTold | None:
    snapshot = _mapping(params, "rateLimits")
    limits: list[UsageLimit] = []
    for name in WINDOWS:
        window = _mapping(snapshot, name)
        if window:
            limits.append(_limit(name, window))

    if not limits:
        return None

    return LimitsTold(tuple(limits))


def _limit(name: str, window: Mapping[str, Any]) -> UsageLimit:
    """One window of the account's limits."""
    resets = _number(window, "resetsAt")
    used = window.get("usedPercent")
    percent = float(used) if isinstance(used, int | float) else 0.0
    return UsageLimit(name, percent, Moment(resets * 1000) if resets else None)


def _tokens_told(params: Mapping[str, Any]) -> TokensTold:
    """The running total. Codex counts cached tokens as part of the input."""
    read, cached, written, output, reasoning = numbers(_mapping(params, "tokenUsage").get("total"), *COUNTS)
    total = ModelUsage(
        input=max(0, read - cached - written),
        cached=cached,
        cache_write=written,
        output=output,
        reasoning=reasoning,
    )
    return TokensTold(_text(params, "threadId"), total)


def _threads_changed(_: Mapping[str, Any]) -> ThreadsChanged:
    return ThreadsChanged()


NOTIFICATIONS: Mapping[str, Callable[[Mapping[str, Any]], Fact | None]] = {
    "thread/status/changed": _status_changed,
    "thread/started": _threads_changed,
    "thread/closed": _threads_changed,
    "turn/started": _turn_changed,
    "turn/completed": _turn_changed,
    "item/started": _text_taken,
    "serverRequest/resolved": _settled,
    "account/rateLimits/updated": _limits,
    "thread/tokenUsage/updated": _tokens_told,
}


def read_thread(thread: Mapping[str, Any]) -> Thread:
    """One conversation, as `thread/read` answers it."""
    status, flags = _status(thread)
    parent = _text(thread, "parentThreadId")
    is_users = _text(thread, "threadSource") in {"", "user"} and not thread.get("ephemeral")
    return Thread(
        _text(thread, "id"),
        status,
        flags,
        folder=_text(thread, "cwd"),
        model=_text(thread, "model"),
        is_users=is_users and not parent,
        updated_at=_number(thread, "updatedAt"),
        created_at=_number(thread, "createdAt"),
        parent=parent,
        is_copy=bool(thread.get("forkedFromId")),
    )


def read_ids(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of all conversations that are open, as `thread/loaded/list` answers them."""
    return tuple(one for one in _list(result, "data") if isinstance(one, str))


def read_turns(result: Mapping[str, Any]) -> tuple[Turn, ...]:
    """The turns that `thread/turns/list` answers."""
    return tuple(read_turn(row) for row in _rows(result, "data"))


def read_texts(thread: str, result: Mapping[str, Any]) -> Iterator[TextTaken]:
    """The texts of the user among the items that `thread/items/list` answers."""
    for row in _rows(result, "data"):
        taken = read_item(thread, _mapping(row, "item"))
        if taken is not None:
            yield taken


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    if isinstance(value, str):
        return value

    return ""


def _number(holder: Mapping[str, Any], name: str) -> int:
    value = holder.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value

    return 0


def _mapping(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    if isinstance(value, dict):
        return value

    return {}


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    if isinstance(value, list):
        return value

    return []


def _rows(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [row for row in _list(holder, name) if isinstance(row, dict)]
