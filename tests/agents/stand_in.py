"""A stand-in for the model APIs that terminal agents talk to, on loopback only: no account, no model, every byte known.

    with StandIn(Mind(Cue("hello", says="Hello."))) as api:
        …  # a program with the base URL api.url("claude")
        api.heard("claude")[0].said

It speaks Anthropic Messages, OpenAI Responses and Chat Completions, and Gemini's generateContent, streamed and whole. Who asks is told
by the first part of the path, so that every program has a base URL of its own.
"""

from __future__ import annotations

import json
import re
import select
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from asks import Ask, read_chat, read_gemini, read_messages, read_responses
from mind import Cue, Mind, reply_of
from replies import PROTOCOLS, refusal, usage_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

READERS = {"/messages": read_messages, "/chat/completions": read_chat, "/responses": read_responses}
HELD_SECONDS = 3600
LIMIT_HEADERS = {"x-codex-primary-used-percent": "100", "x-codex-primary-window-minutes": "300"}
NO_RETRY = {"messages": {"x-should-retry": "false"}}
"""By protocol: what the service of an account says beside its limit. Without it Claude Code tries again by itself, silently."""


@dataclass(frozen=True)
class Heard:
    """One request as it came: who asked, when, its bytes, and what was made of it (None for what is no question to a model)."""

    by: str
    at: float
    path: str
    body: bytes
    ask: Ask | None

    @property
    def main(self) -> bool:
        """Whether this is the agent's own turn; aider offers no tools, and lets only its own turns be streamed."""
        return self.ask is not None and (self.ask.main or (self.by.startswith("aider") and self.ask.streams))

    @property
    def said(self) -> str:
        """The last thing that the user said, as the model gets it."""
        return self.ask.said if self.ask is not None else ""


class StandIn:
    """A server on a free port of 127.0.0.1. `mind` may be changed while it runs; `log` holds what came in, in order."""

    def __init__(self, mind: Mind | None = None) -> None:
        self.mind = mind or Mind()
        self.log: list[Heard] = []
        self.served: list[str] = []
        """Who got a whole answer in a turn of its own, once for each answer."""
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), type("Door", (_Door,), {"api": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, by: str) -> str:
        """The base URL of one program, without a version."""
        return f"http://127.0.0.1:{self._server.server_port}/{by}"

    def heard(self, by: str = "") -> list[Heard]:
        """The turns of one program, or of all, without side questions."""
        return [one for one in list(self.log) if one.main and by in {"", one.by}]

    def told(self, by: str = "") -> list[str]:
        """Each text that the user said, once for each time that it was submitted: requests that follow a tool are the same turn."""
        return [one.said for one in self.heard(by) if one.ask is not None and not one.ask.results]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Programs that hang up are ordinary here."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: StandIn

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_HEAD(self) -> None:
        self._json(200, {})

    def do_GET(self) -> None:
        by, path = self._place()
        self.api.log.append(Heard(by, time.time(), path, b"", None))
        models = {"object": "list", "data": [{"id": "stand-in", "object": "model"}], "models": []}
        self._json(200 if path.endswith("/models") else 404, models)

    def do_POST(self) -> None:
        by, path = self._place()
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ask = _ask(path, raw)
        heard = Heard(by, time.time(), path, raw, ask)
        self.api.log.append(heard)
        if ask is not None:
            self._answer(by, ask, main=heard.main)
        elif path.endswith(("/count_tokens", ":countTokens")):
            self._json(200, {"input_tokens": len(raw) // 4, "totalTokens": len(raw) // 4})
        else:
            self._json(404, {"error": {"message": f"the stand-in has no {path}"}})

    def _place(self) -> tuple[str, str]:
        _, by, *rest = self.path.split("?")[0].split("/")
        return by, "/" + "/".join(rest)

    def _answer(self, by: str, ask: Ask, *, main: bool) -> None:
        cue, words = self.api.mind.cue(by, ask.newest) if main else (Cue("", says="A title"), {})
        self.api.closing.wait(cue.seconds)
        if cue.fault == "never":
            self._hold()
        elif cue.resets_seconds:
            ends = int(time.time()) + cue.resets_seconds
            headers = LIMIT_HEADERS | NO_RETRY.get(ask.protocol, {}) | {"x-codex-primary-reset-at": str(ends)}
            self._json(429, usage_limit(ask.protocol, ends), headers=headers)
        elif cue.fault.isdigit():
            self._json(int(cue.fault), refusal(ask.protocol, int(cue.fault), cue.message or "a fault of the story"))
        else:
            if main and cue.fault not in {"cut", "stall"}:
                self.api.served.append(by)
            whole, events = PROTOCOLS[ask.protocol](ask, reply_of(cue, words, ask))
            if ask.streams:
                self._stream(events, cue)
            else:
                self._json(200, whole, cut=cue.fault in {"cut", "stall"})
                if cue.fault == "stall":
                    self._hold()

    def _stream(self, events: list[tuple[str, Any]], cue: Cue) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        kept = events[: len(events) // 2] if cue.fault in {"cut", "stall"} else events
        for name, data in kept:
            text = data if isinstance(data, str) else json.dumps(data)
            self.wfile.write((f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode())
            self.wfile.flush()
            self.api.closing.wait(cue.slow / len(events))
        if cue.fault == "stall":
            self._hold()

    def _hold(self) -> None:
        """Say nothing until the program gives up."""
        self.close_connection = True
        select.select([self.connection], [], [], HELD_SECONDS)

    def _json(
        self, status: int, value: Any, *, cut: bool = False, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = self.close_connection or cut


def _ask(path: str, raw: bytes) -> Ask | None:
    for ending, read in READERS.items():
        if path.endswith(ending):
            return read(json.loads(raw))
    found = re.search(r"/models/([^:/]+):(streamGenerateContent|generateContent)$", path)
    if found is None:
        return None
    return read_gemini(json.loads(raw), found[1], streams=found[2].startswith("stream"))
