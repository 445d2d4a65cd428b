"""WebSocket messages (RFC 6455) as a client writes and reads them: bytes ⇄ messages, without a socket.

Only what local servers of agent programs use: no extensions, no subprotocols. ADR 38 says why no library does it.
"""

from __future__ import annotations

import base64
import hashlib
from enum import IntEnum

from gitorch.model.values import Value

MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MESSAGE_BYTES_MAX = 64 << 20
"""The longest message that is read; Codex 0.171.0 sends no frame of more than 16 MiB."""

FINAL = 0x80
MASKED = 0x80
SHORT_MAX = 125
WIDTHS = {126: 2, 127: 8}
"""How many bytes the length takes when the seven bits for it hold one of these marks."""


class Opcode(IntEnum):
    """What a frame carries."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class Message(Value):
    """A whole message, or a control frame."""

    opcode: Opcode
    payload: bytes


class Frame(Value):
    """One frame as it came."""

    opcode: Opcode
    payload: bytes
    final: bool


class BadFrame(ValueError):
    """Bytes that are no WebSocket frame of a server."""


def upgrade_request(key: str) -> bytes:
    """The request that turns a connection into a WebSocket; `key` is 16 random bytes in base64."""
    lines = (
        "GET / HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        "",
        "",
    )
    return "\r\n".join(lines).encode()


def accepts_upgrade(head: bytes, key: str) -> bool:
    """Whether a server's answer, its lines before the empty one, agrees to exactly this request."""
    status, *lines = head.decode("latin-1").split("\r\n")
    if status.split(" ")[1:2] != ["101"]:
        return False

    wanted = base64.b64encode(hashlib.sha1(f"{key}{MAGIC}".encode(), usedforsecurity=False).digest()).decode()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() == "sec-websocket-accept":
            return value.strip() == wanted

    return False


def client_frame(opcode: Opcode, payload: bytes, mask: bytes) -> bytes:
    """A message in one frame. `mask` is four random bytes: a client must mask what it sends."""
    size = len(payload)
    if size <= SHORT_MAX:
        length = bytes([MASKED | size])
    elif size < 1 << 16:
        length = bytes([MASKED | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([MASKED | 127]) + size.to_bytes(8, "big")

    return bytes([FINAL | opcode]) + length + mask + _masked(payload, mask)


def _masked(payload: bytes, mask: bytes) -> bytes:
    """The payload, each byte combined with the one of the mask above it."""
    size = len(payload)
    above = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(above, "big")).to_bytes(size, "big")


class MessageReader:
    """Reads messages from the bytes of a server, in whatever pieces they come."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._parts: list[Frame] = []

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete. Raises BadFrame; nothing can be read after that."""
        self._data += data
        messages: list[Message] = []
        while (frame := self._next_frame()) is not None:
            message = self._completed(frame)
            if message is not None:
                messages.append(message)

        return messages

    def _next_frame(self) -> Frame | None:
        """The next whole frame, taken from what was read; None while a part of it is missing."""
        if len(self._data) < 2:
            return None

        first, second = self._data[0], self._data[1]
        if first & 0x70 or second & MASKED:
            raise BadFrame("a frame with reserved bits, or masked by the server")

        width = WIDTHS.get(second, 0)
        start = 2 + width
        if len(self._data) < start:
            return None

        size = second
        if width:
            size = int.from_bytes(self._data[2:start], "big")

        self._check_size(size)
        if len(self._data) < start + size:
            return None

        payload = bytes(self._data[start : start + size])
        del self._data[: start + size]
        return Frame(_opcode(first & 0x0F), payload, bool(first & FINAL))

    def _check_size(self, size: int) -> None:
        """Raise BadFrame for a message that grows too long."""
        if size + sum(len(part.payload) for part in self._parts) > MESSAGE_BYTES_MAX:
            raise BadFrame("a message that is too long")

    def _completed(self, frame: Frame) -> Message | None:
        """The message that a frame completes; None for a part of one. Control frames may come between the parts."""
        if frame.opcode >= Opcode.CLOSE:
            return Message(frame.opcode, frame.payload)

        if (frame.opcode is Opcode.CONTINUATION) != bool(self._parts):
            raise BadFrame("a part of a message out of its order")

        self._parts.append(frame)
        if not frame.final:
            return None

        parts, self._parts = self._parts, []
        return Message(parts[0].opcode, b"".join(part.payload for part in parts))


def _opcode(number: int) -> Opcode:
    """The opcode of this number. Raises BadFrame for one that nobody defined."""
    try:
        return Opcode(number)
    except ValueError as error:
        raise BadFrame(f"a frame of the unknown kind {number}") from error
