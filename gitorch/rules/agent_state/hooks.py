"""Translate the hook events of different agent programs into gitorch's own event names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gitorch.model.json_text import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENTS = frozenset({"session-start", "prompt", "stop", "permission", "error", "session-end"})
"""Every event name that a signal may carry."""

NAMES = {
    "SessionStart": "session-start",
    "UserPromptSubmit": "prompt",
    "BeforeAgent": "prompt",
    "PermissionRequest": "permission",
    "Stop": "stop",
    "AfterAgent": "stop",
    "StopFailure": "error",
    "SessionEnd": "session-end",
}
"""`hook_event_name` of Claude Code, Codex and Gemini CLI, as measured, and the event that each one means."""

NOTIFICATIONS = {"permission_prompt": "permission", "ToolPermission": "permission", "idle_prompt": "stop"}
"""`notification_type` of a `Notification` hook, and the event that each one means."""

NO_RESPONSE = "[no response text]"
"""The `prompt_response` that Gemini's AfterAgent hook carries after an error or an interruption."""

TEXT_FIELDS = ("prompt", "error", "tool_name", "reason")
"""The payload fields that hold the text of an event; the first one that is not empty counts."""

TEXT_CHARS_MAX = 4_000
"""Longer texts are cut to this many characters."""

CONVERSATION = r"[A-Za-z0-9][A-Za-z0-9_-]{5,79}"
"""The form of a conversation id. The agent can write the file it comes from, and it later becomes a command-line argument."""


def read_hook(name: str, payload: str) -> tuple[str, str, str] | None:
    """Read one hook call and return its event, text and conversation id; None when it carries no event.

    `name` is an event of `EVENTS` with its text as the payload (`gitorch hook prompt`), or the name of a program whose
    JSON is the payload (`gitorch hook claude`). Any other payload gives None, because a hook must never fail its agent.
    """
    if name in EVENTS:
        return name, payload.strip()[:TEXT_CHARS_MAX], ""

    try:
        data = parse_json(payload)
    except ValueError:
        return None

    if not isinstance(data, dict):
        return None

    translated = _translate(data)
    if translated is None:
        return None

    event, text = translated
    return event, text[:TEXT_CHARS_MAX], _conversation(data)


def _conversation(data: Mapping[str, Any]) -> str:
    """The id with which the program can resume this conversation.

    Empty when it is missing, or not safe as an argument of a command.
    """
    conversation = data.get("session_id", "")
    if not isinstance(conversation, str):
        return ""

    if re.fullmatch(CONVERSATION, conversation) is None:
        return ""

    return conversation


def _translate(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """The event that a program's payload means, and its text; None for a hook that gitorch does not use.

    Two hooks need a second look: a notification has its own types, and Gemini's AfterAgent also follows
    a failed turn. The text is not cut here.
    """
    name = str(data.get("hook_event_name", ""))
    if name == "Notification":
        return _notification(data)

    if name == "AfterAgent" and data.get("prompt_response") == NO_RESPONSE:
        return "error", NO_RESPONSE

    if name not in NAMES:
        return None

    return NAMES[name], _text(data)


def _text(data: Mapping[str, Any]) -> str:
    """The text of an event: the first of `TEXT_FIELDS` that is not empty; empty when all of them are."""
    for field in TEXT_FIELDS:
        if data.get(field):
            return str(data[field])

    return ""


def _notification(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """The event that a notification means, and its message.

    None for a type that gitorch does not use.
    """
    event = NOTIFICATIONS.get(str(data.get("notification_type", "")))
    if event is None:
        return None

    return event, str(data.get("message", ""))
