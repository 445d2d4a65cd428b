"""What OpenCode's server says of its sessions, as gitorch reads it: statuses, permission requests, messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.text.acp.messages import number_of, object_of, objects_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

IDLE, BUSY, RETRY = "idle", "busy", "retry"


def own_session(listed: Sequence[Any], folder: str, began_at: int, known: str) -> str:
    """The session that the program in the pane shows: the newest one of its folder that is no helper's; empty where it has none yet.

    A session counts from the start of the program on; `known` is an older one that it resumed.
    """
    best, newest = "", 0
    for one in listed:
        if not isinstance(one, dict) or text_of(one, "parentID") or text_of(one, "directory") != folder:
            continue

        updated = number_of(object_of(one, "time"), "updated")
        if updated < began_at and text_of(one, "id") != known:
            continue

        if updated >= newest:
            best, newest = text_of(one, "id"), updated

    return best


def status_of(statuses: Any) -> tuple[str, dict[str, Any]]:
    """The status of the program, from those of its sessions: trying again if one is, else at work if one is, else idle."""
    found: tuple[str, dict[str, Any]] = (IDLE, {})
    if not isinstance(statuses, dict):
        return found

    for value in statuses.values():
        if not isinstance(value, dict):
            continue

        kind = text_of(value, "type")
        if kind == RETRY:
            return RETRY, value

        if kind == BUSY:
            found = (BUSY, value)

    return found


def asked_of(request: dict[str, Any], given: dict[str, Any]) -> tuple[str, str]:
    """What a permission request asks to do, and the command if it is one; `given` is the input of its tool."""
    command = text_of(object_of(request, "metadata"), "command") or text_of(given, "command")
    if command:
        return command, command

    patterns = request.get("patterns")
    words = [text_of(request, "permission")]
    if isinstance(patterns, list):
        words += [str(pattern) for pattern in patterns]

    return "\n".join(words), ""


def tool_input(messages: Sequence[Any], call: str) -> dict[str, Any]:
    """The input of a tool call in these messages; empty where it is not among them."""
    for message in messages:
        for part in _parts(message):
            if text_of(part, "callID") == call:
                return object_of(object_of(part, "state"), "input")

    return {}


def holds_text(messages: Sequence[Any], text: str, since: int) -> bool:
    """Whether one of these messages is the user's, says exactly this, and came at this time or later."""
    for message in objects_of({"all": messages}, "all"):
        info = object_of(message, "info")
        if text_of(info, "role") != "user" or number_of(object_of(info, "time"), "created") < since:
            continue

        for part in _parts(message):
            if text_of(part, "type") == "text" and text_of(part, "text") == text:
                return True

    return False


def unsettled_message(messages: Sequence[Any]) -> str:
    """The id of the newest message if it is the agent's, and its turn failed or is not complete; otherwise empty."""
    for message in objects_of({"newest": messages[-1:]}, "newest"):
        info = object_of(message, "info")
        is_complete = bool(object_of(info, "time").get("completed"))
        has_failed = bool(info.get("error"))
        if text_of(info, "role") == "assistant" and (is_complete, has_failed) != (True, False):
            return text_of(info, "id")

    return ""


def _parts(message: Any) -> list[dict[str, Any]]:
    if not isinstance(message, dict):
        return []

    return objects_of(message, "parts")
