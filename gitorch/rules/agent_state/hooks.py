"""What the hooks of different programs say, in gitorch's own words for events."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENTS = frozenset({"session-start", "prompt", "stop", "permission", "error", "session-end"})
"""All events that a signal may name."""

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
"""`hook_event_name` of Claude Code, Codex and Gemini CLI, as measured."""

NOTIFICATIONS = {"permission_prompt": "permission", "ToolPermission": "permission", "idle_prompt": "stop"}
NO_RESPONSE = "[no response text]"
"""What Gemini's AfterAgent holds after an error or an interruption."""

TEXT_CHARS_MAX = 4_000
CONVERSATION = r"[A-Za-z0-9][A-Za-z0-9_-]{5,79}"
"""How a conversation's id may look: it is put on a command line again, and the file it is read from is the agent's."""


def read_hook(word: str, given: str) -> tuple[str, str, str] | None:
    """The event, its text and the conversation it belongs to, from the verb's word and its input; None for one that tells nothing.

    The word is an event of `EVENTS` with its text as input (`gitorch hook prompt`), or a program's name with the JSON that
    the program writes (`gitorch hook claude`). Input that is something else tells nothing: a hook must never fail an agent.
    """
    if word in EVENTS:
        return word, given.strip()[:TEXT_CHARS_MAX], ""
    try:
        payload = json.loads(given)
    except ValueError:
        return None
    told = _translate(payload) if isinstance(payload, dict) else None
    return None if told is None else (*told, _conversation(payload))


def _conversation(payload: Mapping[str, Any]) -> str:
    """The id by which the program can take this conversation up again, where it is one that may stand on a command line."""
    said = payload.get("session_id", "")
    return said if isinstance(said, str) and re.fullmatch(CONVERSATION, said) else ""


def _translate(payload: Mapping[str, Any]) -> tuple[str, str] | None:
    name = str(payload.get("hook_event_name", ""))
    if name == "Notification":
        event = NOTIFICATIONS.get(str(payload.get("notification_type", "")))
        return None if event is None else (event, str(payload.get("message", ""))[:TEXT_CHARS_MAX])
    if name == "AfterAgent" and payload.get("prompt_response") == NO_RESPONSE:
        return "error", NO_RESPONSE
    if name not in NAMES:
        return None
    text = payload.get("prompt") or payload.get("error") or payload.get("tool_name") or payload.get("reason") or ""
    return NAMES[name], str(text)[:TEXT_CHARS_MAX]
