"""The lines in which agent programs record their usage (JSON, one value a line). Measured with Claude Code 2.1.197, Codex 0.171.0 and Gemini CLI 0.61.0.

An unknown or broken line counts nothing: programs change, and agents can write to these files.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from gitorch.model.work.usage import ModelUsage
from gitorch.text.usage.served import Served, micros, numbers, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SYNTHETIC = "<synthetic>"
"""The model of a message that Claude Code wrote itself, such as an API error."""


class LineReader:
    """Reads the lines of one file in order, of the worktree `cwd`. `since` is the ISO time in UTC from which on answers count."""

    def __init__(self, name: str, since: str, cwd: str) -> None:
        self._marks, self._read = LINES[name]
        self._since = since
        self._cwd = cwd
        self._elsewhere = False
        """Whether the file is about another folder."""
        self._model = ""
        """The model that later lines of the file are about, where those name none."""

    def read(self, line: bytes) -> Served | None:
        """The answer that a line records; None for any other line, and for an answer before `since`."""
        if self._elsewhere or not any(mark in line for mark in self._marks):
            return None

        value = _json(line)
        if value is None:
            return None

        served = self._read(self, value)
        if served is None or text_of(value, "timestamp") < self._since:
            return None

        return served

    def read_claude(self, value: Mapping[str, Any]) -> Served | None:
        """An assistant's message. Each of its parts is a line with the same id and the same usage."""
        message = value.get("message")
        if value.get("type") != "assistant" or not isinstance(message, dict):
            return None

        model, id_ = text_of(message, "model"), text_of(message, "id")
        if not id_ or model == SYNTHETIC:
            return None

        names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
        read, cached, written, output = numbers(message.get("usage"), *names)
        usage = ModelUsage(
            model=model,
            input=read,
            cached=cached,
            cache_write=written,
            output=output,
            requests=1,
        )
        return Served(f"{id_} {text_of(value, 'requestId')}", usage)

    def read_codex(self, value: Mapping[str, Any]) -> Served | None:
        """The usage of one response; the model is that of the turn. Versions before 0.171 write only the running total."""
        payload = value.get("payload")
        if not isinstance(payload, dict):
            return None

        if value.get("type") == "session_meta":
            self._elsewhere = payload.get("cwd") != self._cwd

        if value.get("type") == "turn_context":
            self._model = text_of(payload, "model")

        if value.get("type") == "token_usage_record":
            return Served(text_of(payload, "response_id"), self._codex_usage(payload.get("usage")))

        if payload.get("type") == "token_count":
            return self._codex_count(payload.get("info"))

        return None

    def _codex_count(self, info: object) -> Served | None:
        """The last response as the running total shows it. The same total, written again, is the same response."""
        if not isinstance(info, dict):
            return None

        total = json.dumps(info.get("total_token_usage"), sort_keys=True)
        return Served(total[:500], self._codex_usage(info.get("last_token_usage")), rough=True)

    def _codex_usage(self, value: object) -> ModelUsage:
        """Codex counts cached tokens as part of the input."""
        names = (
            "input_tokens",
            "cached_input_tokens",
            "cache_write_input_tokens",
            "output_tokens",
            "reasoning_output_tokens",
        )
        read, cached, written, output, reasoning = numbers(value, *names)
        return ModelUsage(
            model=self._model,
            input=max(0, read - cached - written),
            cached=cached,
            cache_write=written,
            output=output,
            reasoning=reasoning,
            requests=1,
        )

    def read_gemini(self, value: Mapping[str, Any]) -> Served | None:
        """An answer. Gemini CLI counts cached tokens as part of the input, and reasoning beside the output."""
        if "projectHash" in value:
            digest = hashlib.sha256(self._cwd.encode("utf-8", "surrogateescape")).hexdigest()
            self._elsewhere = value["projectHash"] != digest

        if value.get("type") != "gemini":
            return None

        read, cached, tool, output, thoughts = numbers(
            value.get("tokens"), "input", "cached", "tool", "output", "thoughts"
        )
        fresh = max(0, read - cached) + tool
        usage = ModelUsage(
            model=text_of(value, "model"),
            input=fresh,
            cached=cached,
            output=output + thoughts,
            reasoning=thoughts,
            requests=1,
        )
        return Served(text_of(value, "id"), usage)


def _json(line: bytes) -> Mapping[str, Any] | None:
    """The object of a line; None for anything else."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None

    if not isinstance(value, dict):
        return None

    return value


LINES: Mapping[str, tuple[tuple[bytes, ...], Callable[[LineReader, Mapping[str, Any]], Served | None]]] = {
    "claude": ((b'"usage"',), LineReader.read_claude),
    "codex": ((b"token_usage_record", b"token_count", b"turn_context", b"session_meta"), LineReader.read_codex),
    "gemini": ((b'"tokens"', b'"projectHash"'), LineReader.read_gemini),
}
"""By the name of the format: what every line of interest contains, and how it is read."""


def opencode_message(id_: str, data: str) -> Served | None:
    """The usage of one message in OpenCode's database (1.18.33); None for a message of the user."""
    value = _json(data.encode("utf-8", "replace"))
    if value is None or value.get("role") != "assistant":
        return None

    tokens = value.get("tokens")
    read, output, reasoning = numbers(tokens, "input", "output", "reasoning")
    cached, written = _opencode_cache(tokens)
    cost = micros(value.get("cost"))
    model = text_of(value, "modelID")
    usage = ModelUsage(
        model=model,
        input=read,
        cached=cached,
        cache_write=written,
        output=output + reasoning,
        reasoning=reasoning,
        requests=1,
        cost_micros=cost,
    )
    if usage.tokens == 0:  # it was begun, and nothing came yet
        return None

    return Served(id_, usage)


def _opencode_cache(tokens: object) -> tuple[int, ...]:
    """The tokens that OpenCode's model read from its cache, and those that it wrote there."""
    if not isinstance(tokens, dict):
        return 0, 0

    return numbers(tokens.get("cache"), "read", "write")
