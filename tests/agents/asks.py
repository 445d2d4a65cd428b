"""What a program asks of a model: one reading for the requests of four protocols.

Programs put text of their own beside what the user typed (reminders, the environment); it stands in parts of its own and is left out
of `said`. Everything is kept in `body` as it came.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

ADDED = ("<system-reminder>", "<session_context>", "<environment_context>", "<user_instructions>", "<permissions")
"""How parts begin that a program adds to what the user typed."""

REMINDED = "\n\n# *SEARCH/REPLACE block* Rules:"
"""How aider goes on below what the user typed."""


BESIDE = ("## Pending tool call to classify", "Managed memory has TWO directories.", "[SUGGESTION MODE: ")
"""How Qwen Code 0.24 begins what it asks its model beside a turn: whether a command is harmless, what to remember, what comes next."""

DATED = r"\A<current_datetime>[^<]*</current_datetime>\n\n"
"""What Copilot CLI writes above each text of the user."""


@dataclass(frozen=True)
class Ask:
    """One request: the last thing that the user said, what the model called then and was answered, and what it may call.

    `given` is what stood before, for a program without tools, which gives its model the files that it may read.
    """

    protocol: str
    model: str
    streams: bool
    said: str
    results: tuple[str, ...]
    services: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, Any] | None = None
    called: str = ""
    given: str = ""

    @property
    def main(self) -> bool:
        """Whether this is the agent's own turn, and not a title, a router's question or a summary beside it."""
        return bool(self.services) and self.schema is None and not self.said.startswith(BESIDE)

    @property
    def newest(self) -> str:
        """What the model has to react to: the answers of its tools and what it had called, or else what the user said."""
        return "\n".join((*self.results, f"after {self.called}")) if self.results else self.said + self.given


def text_of(content: Any) -> str:
    """The text in a message's content, without what the program added."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return next(
            (text_of(content[key]) for key in ("text", "content", "output", "response") if content.get(key)), ""
        )
    if isinstance(content, list):
        return "\n".join(text for text in map(text_of, content) if text and not text.lstrip().startswith(ADDED))
    return ""


def read_messages(body: dict[str, Any]) -> Ask:
    """Anthropic Messages."""
    said, results, called = "", (), ""
    for message in body.get("messages", []):
        if message.get("role") != "user":
            called = _calls(message.get("content"), "tool_use", "input") or called
            continue
        content = message["content"] if isinstance(message["content"], list) else [message["content"]]
        services = [part for part in content if isinstance(part, dict) and part.get("type") == "tool_result"]
        results = tuple(text_of(part.get("content")) for part in services)
        text = text_of([part for part in content if part not in services])
        said = text if text and not results else said
    services = {tool["name"]: tool.get("input_schema", {}) for tool in body.get("tools") or []}
    schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    return Ask("messages", body.get("model", ""), bool(body.get("stream")), said, results, services, schema, called)


def _calls(parts: Any, kind: str, key: str) -> str:
    """What was called, as one line of JSON."""
    wanted = [part[key] for part in parts if part.get("type") == kind] if isinstance(parts, list) else []
    return json.dumps(wanted, ensure_ascii=False) if wanted else ""


def read_chat(body: dict[str, Any]) -> Ask:
    """OpenAI Chat Completions."""
    said, results, called, given = "", (), "", ""
    for message in body.get("messages", []):
        calls = [one["function"]["arguments"] for one in message.get("tool_calls") or []]
        called = " ".join(calls) or called
        results = (*results, text_of(message.get("content"))) if message.get("role") == "tool" else ()
        if message.get("role") == "user":
            given += f"\n{said}"
            said = re.sub(DATED, "", text_of(message.get("content"))).split(REMINDED)[0]
    services = {tool["function"]["name"]: tool["function"].get("parameters", {}) for tool in body.get("tools") or []}
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    streams = bool(body.get("stream"))
    return Ask(
        "chat", body.get("model", ""), streams, said, results, services, schema, called, "" if services else given
    )


def read_responses(body: dict[str, Any]) -> Ask:
    """OpenAI Responses; tools may come late, as an item of their own, and in groups."""
    said, results, called = "", (), ""
    services = list(body.get("tools") or [])
    for item in body.get("input") or []:
        kind = item.get("type", "message")
        if kind in {"function_call_output", "custom_tool_call_output"}:
            results = (*results, text_of(item.get("output")))
        elif kind in {"function_call", "custom_tool_call"}:
            called = str(item.get("arguments", item.get("input")))
        elif kind == "additional_tools":
            services += item["tools"]
        elif kind == "message":
            results = ()
            text = text_of(item.get("content")) if item.get("role") == "user" else ""
            said = text or said
    named = {}
    for group in services:
        server = f"{group['name']}__" if group["type"] == "namespace" and group["name"].startswith("mcp__") else ""
        for tool in group.get("tools", [group]):
            named[server + tool.get("name", tool["type"])] = _parameters(tool)
    schema = ((body.get("text") or {}).get("format") or {}).get("schema")
    return Ask("responses", body.get("model", ""), bool(body.get("stream")), said, results, named, schema, called)


def _parameters(tool: dict[str, Any]) -> dict[str, Any]:
    return dict(tool.get("parameters") or {}) if tool["type"] == "function" else {"free_form": True}


def read_gemini(body: dict[str, Any], model: str, *, streams: bool) -> Ask:
    """Gemini's generateContent, whose path names model and manner."""
    said, results, called = "", (), ""
    for message in body.get("contents") or []:
        parts = message.get("parts", [])
        if message.get("role", "user") != "user":
            calls = [part["functionCall"].get("args") for part in parts if "functionCall" in part]
            called = json.dumps(calls, ensure_ascii=False) if calls else called
            continue
        answers = [part["functionResponse"].get("response") or {} for part in parts if "functionResponse" in part]
        results = tuple(text_of(answer) or json.dumps(answer) for answer in answers)
        text = text_of([part for part in parts if "text" in part])
        said = text if text and not results else said
    declared = [one for group in body.get("tools") or [] for one in group.get("functionDeclarations", [])]
    services = {one["name"]: one.get("parametersJsonSchema") or one.get("parameters") or {} for one in declared}
    chosen = body.get("generationConfig") or {}
    schema = chosen.get("responseJsonSchema") or chosen.get("responseSchema")
    return Ask("gemini", model, streams, said, results, services, schema, called)
