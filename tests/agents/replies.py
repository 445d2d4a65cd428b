"""What a model answers, in the words of four protocols: whole, or as the events of a stream."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asks import Ask

PARTS = 8
"""Into how many parts a streamed text is cut, at most."""

TOKENS = (100, 10)
"""What every answer is said to have cost: read, written."""


@dataclass(frozen=True)
class Call:
    """A tool to be called; arguments that are text belong to a tool that takes free text."""

    name: str
    arguments: dict[str, Any] | str


@dataclass(frozen=True)
class Reply:
    """What the model says, and then calls."""

    text: str = ""
    calls: tuple[Call, ...] = ()


Event = tuple[str, Any]
"""The name of a server-sent event (empty where the protocol has none) and its data."""


def _id(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex[:24]}"


def pieces(text: str) -> list[str]:
    """A text in the parts in which it is streamed."""
    step = max(1, -(-len(text) // PARTS))
    return [text[start : start + step] for start in range(0, len(text), step)]


def messages(ask: Ask, reply: Reply) -> tuple[Any, list[Event]]:
    """Anthropic Messages."""
    blocks: list[dict[str, Any]] = [{"type": "text", "text": reply.text}] if reply.text else []
    blocks += [{"type": "tool_use", "id": _id("toolu"), "name": c.name, "input": c.arguments} for c in reply.calls]
    stop = "tool_use" if reply.calls else "end_turn"
    usage = {"input_tokens": TOKENS[0], "output_tokens": TOKENS[1]}
    head = {"id": _id("msg"), "type": "message", "role": "assistant", "model": ask.model}
    whole = {**head, "content": blocks, "stop_reason": stop, "stop_sequence": None, "usage": usage}
    events: list[Event] = [
        ("message_start", {"message": {**whole, "content": [], "stop_reason": None, "usage": usage}}),
        *(event for index, block in enumerate(blocks) for event in _block(index, block)),
        (
            "message_delta",
            {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": TOKENS[1]}},
        ),
        ("message_stop", {}),
    ]
    return whole, [(name, {"type": name, **data}) for name, data in events]


def _block(index: int, block: dict[str, Any]) -> Iterator[Event]:
    if block["type"] == "text":
        empty, deltas = {**block, "text": ""}, [{"type": "text_delta", "text": p} for p in pieces(block["text"])]
    else:
        empty, deltas = (
            {**block, "input": {}},
            [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}],
        )
    yield "content_block_start", {"index": index, "content_block": empty}
    for delta in deltas:
        yield "content_block_delta", {"index": index, "delta": delta}
    yield "content_block_stop", {"index": index}


def chat(ask: Ask, reply: Reply) -> tuple[Any, list[Event]]:
    """OpenAI Chat Completions."""
    calls = [
        {"id": _id("call"), "type": "function", "function": {"name": c.name, "arguments": json.dumps(c.arguments)}}
        for c in reply.calls
    ]
    usage = {"prompt_tokens": TOKENS[0], "completion_tokens": TOKENS[1], "total_tokens": sum(TOKENS)}
    stop = "tool_calls" if calls else "stop"
    head = {"id": _id("chatcmpl"), "created": 1, "model": ask.model}
    message = {"role": "assistant", "content": reply.text, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "message": message, "finish_reason": stop}
    whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> Event:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return "", {**head, "object": "chat.completion.chunk", "choices": choices}

    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": p} for p in pieces(reply.text))]
    if calls:
        deltas.append({"tool_calls": [{"index": index, **call} for index, call in enumerate(calls)]})
    last = ("", {**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
    return whole, [*map(chunk, deltas), chunk({}, stop), last, ("", "[DONE]")]


def responses(ask: Ask, reply: Reply) -> tuple[Any, list[Event]]:
    """OpenAI Responses."""
    items = [_message(reply.text)] if reply.text else []
    items += [_function(call) for call in reply.calls]
    usage = {
        "input_tokens": TOKENS[0],
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": TOKENS[1],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sum(TOKENS),
    }
    head = {"id": _id("resp"), "object": "response", "created_at": 1, "model": ask.model, "error": None}
    whole = {**head, "status": "completed", "output": items, "usage": usage}
    events: list[Event] = [("response.created", {"response": {**head, "status": "in_progress", "output": []}})]
    for index, item in enumerate(items):
        at = {"output_index": index, "item_id": item["id"]}
        started = {**item, "status": "in_progress", **({"content": []} if item["type"] == "message" else {})}
        events.append(("response.output_item.added", {"output_index": index, "item": started}))
        if item["type"] == "message":
            deltas = ({**at, "content_index": 0, "delta": part} for part in pieces(reply.text))
            events += [("response.output_text.delta", delta) for delta in deltas]
            events.append(("response.output_text.done", {**at, "content_index": 0, "text": reply.text}))
        events.append(("response.output_item.done", {"output_index": index, "item": item}))
    events.append(("response.completed", {"response": whole}))
    return whole, [(name, {"type": name, "sequence_number": n, **data}) for n, (name, data) in enumerate(events)]


def _message(text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": _id("msg"), "role": "assistant", "status": "completed", "content": content}


def _function(call: Call) -> dict[str, Any]:
    head = {"id": _id("fc"), "call_id": _id("call"), "name": call.name, "status": "completed"}
    if isinstance(call.arguments, str):
        return {**head, "type": "custom_tool_call", "input": call.arguments}
    if call.name.startswith("mcp__"):
        server, _, name = call.name.rpartition("__")
        head |= {"name": name, "namespace": server}
    return {**head, "type": "function_call", "arguments": json.dumps(call.arguments)}


def gemini(ask: Ask, reply: Reply) -> tuple[Any, list[Event]]:
    """Gemini's generateContent."""
    calls = [{"functionCall": {"id": _id("fc"), "name": c.name, "args": c.arguments}} for c in reply.calls]

    def said(parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
        candidate = {"index": 0, "content": {"role": "model", "parts": parts}}
        if finish:
            candidate["finishReason"] = finish
        usage = {"promptTokenCount": TOKENS[0], "candidatesTokenCount": TOKENS[1], "totalTokenCount": sum(TOKENS)}
        return {"candidates": [candidate], "modelVersion": ask.model, "responseId": _id("r"), "usageMetadata": usage}

    texts = [{"text": part} for part in pieces(reply.text)]
    whole = said([{"text": reply.text}, *calls] if reply.text else calls, "STOP")
    events: list[Event] = [("", said([part], None)) for part in texts]
    return whole, [*events, ("", said(calls or [{"text": ""}], "STOP"))]


PROTOCOLS: dict[str, Callable[[Ask, Reply], tuple[Any, list[Event]]]] = {
    "messages": messages,
    "chat": chat,
    "responses": responses,
    "gemini": gemini,
}


def refusal(protocol: str, status: int, message: str) -> Any:
    """An error as each vendor words it."""
    kinds = {401: "authentication_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "api_error")
    if protocol == "messages":
        return {"type": "error", "error": {"type": kind, "message": message}}
    if protocol == "gemini":
        word = {401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}.get(status, "INTERNAL")
        return {"error": {"code": status, "message": message, "status": word}}
    return {"error": {"message": message, "type": kind, "param": None, "code": kind}}


def usage_limit(protocol: str, ends: int) -> Any:
    """The usage limit of an account as each vendor words it; `ends` in seconds."""
    seconds = ends - int(time.time())
    if protocol == "messages":
        at = time.strftime("%I:%M%p", time.gmtime(ends + 59)).lstrip("0").lower()
        return refusal(protocol, 429, f"You've hit your limit · resets {at} (UTC)")
    if protocol == "gemini":
        told = refusal(protocol, 429, f"You exceeded your current quota. Please retry in {seconds}.074824224s.")
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        told["error"]["details"] = [{"@type": kind, "retryDelay": f"{seconds}s"}]
        return told
    if protocol == "chat":
        message = f"You exceeded your current quota. Please try again in {seconds} seconds."
        return {"error": {"message": message, "type": "insufficient_quota", "code": "insufficient_quota"}}
    return {"error": {"type": "usage_limit_reached", "message": "The usage limit has been reached", "resets_at": ends}}


def smallest(schema: dict[str, Any]) -> Any:
    """The smallest value that fits a JSON schema, for requests that force one."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = str(kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: smallest(properties[name]) for name in schema.get("required", properties) if name in properties}
    low = schema.get("minimum", 0)
    return {"boolean": False, "integer": low, "number": low, "array": [], "null": None}.get(kind, "ok")
