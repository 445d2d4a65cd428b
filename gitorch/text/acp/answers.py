"""What the answers of a program mean, and the answers that it gets."""

from __future__ import annotations

import re
from typing import Any

from gitorch.text.acp.messages import AUTHENTICATION_REQUIRED, error_text, object_of

LIMIT_SIGNS = ("usage limit", "rate limit", "rate_limit", "quota", "too many requests", "resource_exhausted")
"""Words by which the error of a turn says that a usage limit ended it; the protocol has no code for it."""

LIMIT_STATUS = r"(?<![\w.])429(?!\w)"
"""The same as a status, which is neither a part of an id nor the fraction of a time."""

FAILURE_SIGNS = r"(?i)\b(?:error|warn|warning|failed)\b"
"""What a line of a log says that tells of a refused request."""

LOGGED_CHARS_MAX = 300


def resuming_method(capabilities: dict[str, Any]) -> str:
    """How this program resumes a conversation; empty where it cannot.

    `session/load` comes first: after `session/resume` the model of Qwen Code 0.15.10 did not know the old messages.
    """
    if capabilities.get("loadSession") is True:
        return "session/load"

    if "resume" in object_of(capabilities, "sessionCapabilities"):
        return "session/resume"

    return ""


def refused_conversation(error: dict[str, Any]) -> str:
    """Why there is no conversation, from the error of the program."""
    if error.get("code") == AUTHENTICATION_REQUIRED:
        return f"Sign in to the program once, outside of gitorch: {error_text(error)}"

    return f"The program refused a conversation: {error_text(error)}"


def selected(choice: str) -> dict[str, Any]:
    """The result that answers a permission request with one of its choices."""
    return {"outcome": {"outcome": "selected", "optionId": choice}}


def names_limit(text: str) -> bool:
    """Whether the error of a turn says that a usage limit ended it."""
    return re.search("|".join((*LIMIT_SIGNS, LIMIT_STATUS)), text, re.IGNORECASE) is not None


def logged_limit(line: str) -> str:
    """What a line of a program's log says of a usage limit for which the program waits; empty for every other line."""
    if not re.search(FAILURE_SIGNS, line):
        return ""

    for part in (line.rpartition("Error: ")[2], line):
        if names_limit(part):
            return part.strip(' "')[:LOGGED_CHARS_MAX]

    return ""
