"""Words that people try, because other programs have them, and the verbs that do what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SYNONYMS: Mapping[str, str] = {
    "merge": "approve",
    "accept": "verdict",
    "review": "verdict",
    "ls": "list",
    "ps": "session",
    "agents": "session",
    "logs": "log",
    "history": "log",
    "tail": "peek",
    "screen": "peek",
    "stop": "cancel",
    "abort": "cancel",
    "kill": "session",
    "run": "up",
    "watch": "up",
    "go": "up",
    "continue": "resume",
    "undo": "reject",
    "questions": "inbox",
    "todo": "inbox",
    "message": "send",
    "validate": "check",
    "lint": "check",
    "setup": "init",
    "clean": "cleanup",
    "push": "sync",
    "board": "dashboard",
    "done": "handoff",
    "submit": "handoff",
    "patch": "diff",
    "plugins": "skills",
}
"""The verb to look at, by the word that was typed."""
