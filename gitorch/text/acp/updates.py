"""How what a program reports by `session/update` reads in a terminal: lines of plain text, not yet made safe to print."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from gitorch.model.counts import counted
from gitorch.text.acp.messages import object_of, objects_of, text_of
from gitorch.text.acp.permission import command_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.text.acp.permission import Request

CHUNKS = {"agent_message_chunk": "", "agent_thought_chunk": "~ ", "user_message_chunk": "» "}
"""Kinds of updates that carry a piece of a text, and what stands before each of its lines."""

SILENT = frozenset(
    {
        "available_commands_update",
        "current_mode_update",
        "config_option_update",
        "session_info_update",
        "usage_update",
    }
)
"""Kinds of updates that say nothing about the work, and may come at any time."""

SHOWN_LINES_MAX = 40
"""Of one result or one difference of a file."""

COMPARED_LINES_MAX = 2_000
"""Of a file before or after a change. Comparing longer ones may take seconds, in which nothing else is shown."""

PLAN_MARKS = {"completed": "[x]", "in_progress": "[>]"}
STATUS_MARKS = {"completed": "✓", "failed": "✗"}


def chunk_text(update: dict[str, Any]) -> str:
    """The text of a piece of a message; the kind of the content in brackets where it is no text."""
    return _content_text(object_of(update, "content"))


def _content_text(content: dict[str, Any]) -> str:
    if text_of(content, "type") in {"text", ""}:
        return text_of(content, "text")

    named = text_of(content, "uri") or text_of(object_of(content, "resource"), "uri")
    return f"[{text_of(content, 'type')} {named}]".replace(" ]", "]")


def update_lines(update: dict[str, Any]) -> list[str]:
    """The lines that show an update; none for a piece of a text, and for one that says nothing about the work."""
    show = SHOWN.get(text_of(update, "sessionUpdate"))
    if show is None:
        return []

    return show(update)


def _tool_call(call: dict[str, Any]) -> list[str]:
    """A tool call that begins: its kind and title, its command where the title is another, and what it shows already."""
    title = text_of(call, "title") or text_of(call, "toolCallId")
    lines = [f"● {text_of(call, 'kind') or 'tool'}: {title}"]
    command = command_of(object_of(call, "rawInput"))
    if command and command != title:
        lines += _indented("$ ", command)

    return [*lines, *_contents(call)]


def _tool_update(call: dict[str, Any]) -> list[str]:
    """A tool call that has ended, with its result; the steps before its end are not shown."""
    mark = STATUS_MARKS.get(text_of(call, "status"))
    if mark is None:
        return []

    return [f"  {mark} {text_of(call, 'title') or text_of(call, 'status')}", *_contents(call)]


def _contents(call: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for content in objects_of(call, "content"):
        lines += _content(content)

    return lines


def _content(content: dict[str, Any]) -> list[str]:
    if text_of(content, "type") == "diff":
        return [f"    {text_of(content, 'path')}", *difference(content)]

    return _indented("│ ", _content_text(object_of(content, "content")))


def difference(content: dict[str, Any]) -> list[str]:
    """The change of one file as the lines of a unified difference, without the lines `---` and `+++`."""
    before = text_of(content, "oldText").splitlines()
    after = text_of(content, "newText").splitlines()
    if max(len(before), len(after)) > COMPARED_LINES_MAX:
        return [f"    {counted(len(before), 'line')} before, {counted(len(after), 'line')} after"]

    lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    return _shortened([f"    {line}" for line in lines])


def _indented(mark: str, text: str) -> list[str]:
    return _shortened([f"    {mark}{line}" for line in text.splitlines()])


def _shortened(lines: list[str]) -> list[str]:
    """The first lines, and how many more there are."""
    more = len(lines) - SHOWN_LINES_MAX
    if more <= 0:
        return lines

    return [*lines[:SHOWN_LINES_MAX], f"    … {counted(more, 'more line')}"]


def _plan(update: dict[str, Any]) -> list[str]:
    lines = ["Plan:"]
    for entry in objects_of(update, "entries"):
        mark = PLAN_MARKS.get(text_of(entry, "status"), "[ ]")
        lines.append(f"  {mark} {text_of(entry, 'content')}")

    return lines


SHOWN: Mapping[str, Callable[[dict[str, Any]], list[str]]] = {
    "tool_call": _tool_call,
    "tool_call_update": _tool_update,
    "plan": _plan,
}


def request_lines(request: Request, call: dict[str, Any]) -> list[str]:
    """A permission request with what it says of the tool call, and its numbered answers."""
    lines = [f"? May it: {request.kind or 'use a tool'}: {request.title}"]
    if request.asked != request.title:
        lines += _indented("", request.asked)

    lines += _contents(call)
    if request.folder:
        lines.append(f"    in {request.folder}")

    for number, choice in enumerate(request.choices, start=1):
        lines.append(f"  {number}. {choice.name}")

    return lines
