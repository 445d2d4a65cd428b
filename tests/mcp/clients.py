"""A client of the server that sends any bytes: a process, or the server itself on pipes in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Self

from gitorch.mcp.caller import Caller
from gitorch.mcp.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

INFO = {"name": "a-client", "version": "1"}
HANDSHAKE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": INFO}
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": INFO,
    "io.modelcontextprotocol/clientCapabilities": {},
}
ANSWER_SECONDS = 60

OPERATOR = Caller("operator", frozenset({"read", "claim", "write", "review", "operate", "recover"}))
AGENT = Caller("agent", frozenset({"read", "write", "review"}))


def line(method: str, params: Any = None, id_: Any = None) -> bytes:
    """One request, or a notification without an id."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    if id_ is not None:
        message["id"] = id_
    return json.dumps(message).encode() + b"\n"


def answers(
    data: bytes, caller: Caller = OPERATOR, folder: str = ".", seen: Callable[[bytes], None] | None = None
) -> list[dict[str, Any]]:
    """What a server in this process answers to these bytes, after which the client leaves; `seen` gets each answer at once."""
    read, write = os.pipe()
    sent: list[bytes] = []

    def send(data: bytes) -> None:
        sent.append(data)
        if seen is not None:
            seen(data)

    server = Server(read, send, folder, {"PATH": os.environ["PATH"]})
    server._caller = caller
    writer = threading.Thread(target=_write, args=(write, data))
    writer.start()
    try:
        server.serve()
    finally:
        writer.join()
        os.close(read)
    return [json.loads(one) for one in sent]


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as pipe:
        pipe.write(data)


class Client:
    """`gitorch mcp` as a process, spoken to in the era of the handshake."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        argv = (sys.executable, "-m", "gitorch.cli.main", "mcp")
        self.process = subprocess.Popen(argv, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._last = 0

    def __enter__(self) -> Self:
        assert self.ask("initialize", HANDSHAKE)["serverInfo"]["name"] == "gitorch"
        self.send(line("notifications/initialized"))
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        assert self.process.wait(ANSWER_SECONDS) == 0
        self.process.stdout.close()

    def send(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        """The result of a request; an error fails the test."""
        self._last += 1
        self.send(line(method, params, self._last))
        answer = json.loads(self.process.stdout.readline())
        assert answer["id"] == self._last
        assert "result" in answer, answer
        return answer["result"]

    def tools(self) -> set[str]:
        return {tool["name"] for tool in self.ask("tools/list")["tools"]}

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The values that a tool answers; a refusal fails the test."""
        result = self.ask("tools/call", {"name": name, "arguments": arguments})
        assert not result["isError"], result
        return result["structuredContent"]

    def refused(self, name: str, **arguments: Any) -> str:
        """The text of a refusal, which a model reads."""
        result = self.ask("tools/call", {"name": name, "arguments": arguments})
        assert result["isError"], result
        assert "structuredContent" not in result
        return result["content"][0]["text"]
