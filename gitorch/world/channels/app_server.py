"""One connection to an app-server: JSON-RPC in WebSocket messages on a Unix socket. Nothing here waits longer than it is told."""

from __future__ import annotations

import base64
import contextlib
import os
import select
import socket
import stat
import time
from typing import TYPE_CHECKING, Any

import gitorch
from gitorch.errors import Unavailable
from gitorch.model.app_server import Reply
from gitorch.text.app_server import answer_text, notification_text, read_fact, request_text
from gitorch.text.websocket import BadFrame, MessageReader, Opcode, accepts_upgrade, client_frame, upgrade_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitorch.model.app_server import Fact

REPLY_SECONDS = 1.0
HEAD_BYTES_MAX = 16_384
READ_BYTES = 1 << 18
READS_MAX = 64
"""How often a call that does not wait reads, so that a server that sends without end holds up nobody."""

ADDRESS_BYTES_MAX = 100
"""How long the address of a Unix socket may be; Linux takes 107 bytes, others fewer."""

SILENT = "its app-server does not answer"
ENDED = "its app-server has ended"


class AppServer:
    """A client of one app-server. Every method raises Unavailable when the server cannot be reached or does not answer."""

    def __init__(self, path: Path) -> None:
        self._socket = _connect(path)
        self._reader = MessageReader()
        self._facts: list[Fact] = []
        self._number = 0
        self._upgrade()
        self._greet()

    def _upgrade(self) -> None:
        """Turn the connection into a WebSocket."""
        key = base64.b64encode(os.urandom(16)).decode()
        self._write(upgrade_request(key))
        limit = time.monotonic() + REPLY_SECONDS
        data = b""
        while b"\r\n\r\n" not in data:
            if len(data) > HEAD_BYTES_MAX:
                raise Unavailable("its socket is not one of an app-server")

            data += self._read(limit)

        head, _, rest = data.partition(b"\r\n\r\n")
        if not accepts_upgrade(head, key):
            raise Unavailable("its socket is not one of an app-server")

        self._take(rest)

    def _greet(self) -> None:
        """Say who we are: the first thing that a client does."""
        about = {"name": "gitorch", "title": "gitorch", "version": gitorch.__version__}
        reply = self.call("initialize", {"clientInfo": about, "capabilities": {"experimentalApi": True}})
        if reply.error:
            raise Unavailable(f"its app-server refused gitorch: {reply.error}")

        self._send(notification_text("initialized"))

    def call(self, method: str, params: Mapping[str, Any], wait_seconds: float = REPLY_SECONDS) -> Reply:
        """The answer to a request. What else comes meanwhile is kept for `facts`."""
        self._number += 1
        number = self._number
        self._send(request_text(number, method, params))
        limit = time.monotonic() + wait_seconds
        while True:
            reply = self._reply(number)
            if reply is not None:
                return reply

            self._take(self._read(limit))

    def _reply(self, number: int) -> Reply | None:
        """The answer with this number, taken from what came in; answers that nobody waits for are dropped."""
        replies = [fact for fact in self._facts if isinstance(fact, Reply)]
        self._facts = [fact for fact in self._facts if not isinstance(fact, Reply)]
        for reply in replies:
            if reply.number == number:
                return reply

        return None

    def answer(self, request: str, result: Mapping[str, Any]) -> None:
        """Answer a request of the server's."""
        self._send(answer_text(request, result))

    def facts(self, wait_seconds: float = 0.0) -> list[Fact]:
        """Everything that the server has told since the last time, in order; waits for the first of it as long as it is told."""
        limit = time.monotonic() + wait_seconds
        for _ in range(READS_MAX):
            rest = limit - time.monotonic()
            if not self._is_readable(0.0 if self._facts else rest):
                break

            self._take(self._read(limit + REPLY_SECONDS))

        facts, self._facts = self._facts, []
        return facts

    def close(self) -> None:
        """End the connection; the server and its conversations go on."""
        self._socket.close()

    def _is_readable(self, wait_seconds: float) -> bool:
        return bool(select.select([self._socket], [], [], max(0.0, wait_seconds))[0])

    def _read(self, limit: float) -> bytes:
        """The next bytes, which come before the limit."""
        if not self._is_readable(limit - time.monotonic()):
            raise Unavailable(SILENT)

        try:
            data = self._socket.recv(READ_BYTES)
        except OSError as error:
            raise Unavailable(ENDED) from error

        if not data:
            raise Unavailable(ENDED)

        return data

    def _take(self, data: bytes) -> None:
        """Keep what these bytes tell, and answer what keeps the connection alive."""
        try:
            messages = self._reader.feed(data)
        except BadFrame as error:
            raise Unavailable(f"its app-server sent {error}") from error

        for message in messages:
            if message.opcode is Opcode.PING:
                self._write(client_frame(Opcode.PONG, message.payload, os.urandom(4)))
            elif message.opcode is Opcode.CLOSE:
                raise Unavailable(ENDED)
            elif message.opcode is Opcode.TEXT:
                self._facts += _facts_in(message.payload)

    def _send(self, text: str) -> None:
        self._write(client_frame(Opcode.TEXT, text.encode(), os.urandom(4)))

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Unavailable(ENDED) from error


def _facts_in(payload: bytes) -> Iterator[Fact]:
    """The fact in a message, if it tells one."""
    fact = read_fact(payload)
    if fact is not None:
        yield fact


def _connect(path: Path) -> socket.socket:
    """A connection to the socket at this path.

    It must be a socket itself, and of our own user: an agent can put a link to another one in its place.
    """
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(REPLY_SECONDS)
    try:
        _require_own(path.lstat())
        with contextlib.ExitStack() as held:
            made.connect(_address(path, held))
    except OSError as error:
        made.close()
        raise Unavailable(f"its app-server cannot be reached: {error.strerror or error}") from error
    except Unavailable:
        made.close()
        raise

    return made


def _require_own(status: os.stat_result) -> None:
    """Raise Unavailable for what is no socket of our own user."""
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.getuid():
        raise Unavailable("its socket is not its own")


def _address(path: Path, held: contextlib.ExitStack) -> str:
    """The path as an address; a path that is too long for one goes through its folder, which stays open while `held` does."""
    if len(os.fsencode(path)) <= ADDRESS_BYTES_MAX:
        return str(path)

    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    held.callback(os.close, folder)
    return f"/proc/self/fd/{folder}/{path.name}"
