"""Claude Code: its state file, its permission requests and its failures, read from JSON that the program wrote.

Seen with 2.1.197. Its state file says `idle`, `busy`, `shell` (idle, while shells of its own run in the background) or `waiting`,
and for what it waits. The dialog of a permission request is open in the terminal while the `PermissionRequest` hook runs, so that
whoever answers first, hook or human, settles it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitorch.model.dialog import PermissionRequest
from gitorch.model.json_text import json_of, parse_json
from gitorch.model.observed import AgentState
from gitorch.model.plans.permission import Option
from gitorch.model.values import Value
from gitorch.rules.agent_state.limits import resets_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import Moment

STATES = {
    "idle": AgentState.IDLE,
    "shell": AgentState.IDLE,
    "busy": AgentState.WORKING,
    "waiting": AgentState.DIALOG,
}
"""The state of each `status`. While it waits, a dialog is open, also one that a human opened with a command."""

ASKS_FOR_PERMISSION = "permission prompt"
"""What it waits for while a permission request shows."""

NOT_PERMISSIONS = frozenset({"AskUserQuestion"})
"""Tools whose requests are questions with answers of their own: no hook can give one."""

LIMITS = frozenset({"rate_limit", "billing_error"})
"""The kinds of errors that pass only with time or money; a session meets them as a usage limit."""

ARGUMENTS = ("file_path", "notebook_path", "path", "url", "query")
"""The argument that says what a tool without a command works on."""

TEXT_CHARS_MAX = 20_000


class ClaudeState(Value):
    """What a state file says."""

    pid: int
    started: str
    """The start time of its process in clock ticks since the boot, as `/proc` has it."""
    status: str
    waits_for: str = ""
    changed_at: int = 0
    """When the status last changed, in milliseconds since 1970; 0 where the file does not say."""

    @property
    def state(self) -> AgentState:
        """The state that the status means; `unknown` for a status that nobody has seen yet."""
        return STATES.get(self.status, AgentState.UNKNOWN)

    @property
    def evidence(self) -> str:
        """The sign of the state."""
        sign = f"state file: {self.status}"
        if self.waits_for:
            sign += f", {self.waits_for}"

        return sign


def read_state(text: str) -> ClaudeState | None:
    """What a state file says; None for half a file, and for one without process and status."""
    value = _object(text)
    pid, started, status = value.get("pid"), value.get("procStart"), value.get("status")
    if not isinstance(pid, int) or not isinstance(started, str) or not isinstance(status, str):
        return None

    changed_at = value.get("statusUpdatedAt")
    if not isinstance(changed_at, int):
        changed_at = 0

    return ClaudeState(pid, started, status[:40], str(value.get("waitingFor") or "")[:80], changed_at)


def read_request(request: str, payload: str) -> PermissionRequest | None:
    """The permission request in what a `PermissionRequest` hook was given; None for another hook, and for a question.

    `request` is the id that the hook made for it.
    """
    value = _object(payload)
    tool, given = value.get("tool_name"), value.get("tool_input")
    if value.get("hook_event_name") != "PermissionRequest" or not isinstance(tool, str) or tool in NOT_PERMISSIONS:
        return None

    if not isinstance(given, dict):
        given = {}

    command = _text(given, "command")
    text = command or _described(tool, given)
    return PermissionRequest(request, text[:TEXT_CHARS_MAX], tool[:200], command, _text(value, "cwd"))


def _described(tool: str, given: Mapping[str, Any]) -> str:
    """A tool with what it is to work on: its one telling argument, else everything that it is given."""
    for name in ARGUMENTS:
        if _text(given, name):
            return f"{tool} {_text(given, name)}"

    return f"{tool} {json_of(given, ensure_ascii=False, sort_keys=True)}"


def decision(option: Option, reason: str) -> str:
    """What a `PermissionRequest` hook prints so that the program takes this answer. A refusal is told to the model with the reason."""
    chosen: dict[str, str] = {"behavior": "allow"}
    if option is Option.REJECT:
        chosen = {"behavior": "deny", "message": reason or "The principal rejected this."}

    return json_of({"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": chosen}})


class Failure(Value):
    """A turn that ended with an error."""

    kind: str
    """As its hook names it, such as `overloaded`."""
    at: Moment
    resets_at: Moment | None = None
    """When a limit ends, where the program's own words name the time."""

    @property
    def state(self) -> AgentState:
        """A limit whose end is known is waited out; anything else is an error."""
        if self.kind in LIMITS and self.resets_at is not None:
            return AgentState.LIMITED

        return AgentState.ERROR


ENDS_TURN = frozenset({"Stop", "StopFailure", "SessionEnd"})
"""Hooks that tell the end of a turn. None fires after Escape."""


def read_failure(payload: str, at: Moment, offset_minutes: int) -> Failure | None:
    """The failure in what a `StopFailure` hook was given; None for another hook.

    A time of day in it is on a clock `offset_minutes` ahead of UTC.
    """
    value = _object(payload)
    if value.get("hook_event_name") != "StopFailure":
        return None

    words = "\n".join(_text(value, name) for name in ("error_details", "last_assistant_message"))
    return Failure(_text(value, "error")[:80], at, resets_at(words, at, offset_minutes))


def turn_began(payload: str, at: Moment, before: Moment | None) -> Moment | None:
    """When the turn under way began, after this hook; None between two turns, as before for a hook that neither begins nor ends one."""
    name = _text(_object(payload), "hook_event_name")
    if name == "UserPromptSubmit":
        return at

    if name in ENDS_TURN:
        return None

    return before


def _text(value: Mapping[str, Any], name: str) -> str:
    """A text field; empty where it is missing or anything else."""
    text = value.get(name)
    if isinstance(text, str):
        return text

    return ""


def _object(text: str) -> Mapping[str, Any]:
    """The object in a text of JSON; an empty one for anything else."""
    try:
        value = parse_json(text)
    except ValueError:
        return {}

    if isinstance(value, dict):
        return value

    return {}
