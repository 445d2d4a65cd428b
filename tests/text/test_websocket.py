"""WebSocket messages: what a client writes reads back, in whatever pieces it comes, and bytes that are none are refused."""

import contextlib

import pytest
from fakes.app_server import accept_key, server_frame
from hypothesis import given
from hypothesis import strategies as st

from gitorch.text import websocket
from gitorch.text.websocket import (
    BadFrame,
    Message,
    MessageReader,
    Opcode,
    accepts_upgrade,
    client_frame,
    upgrade_request,
)

SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 70_000)


def unmasked(frame):
    """A client's frame as its receiver reads it: first byte, payload."""
    size, start = frame[1] & 127, 2
    if size > 125:
        start += 2 if size == 126 else 8
        size = int.from_bytes(frame[2:start], "big")
    mask, payload = frame[start : start + 4], frame[start + 4 :]
    assert len(payload) == size
    assert frame[1] & 128, "a client masks"
    return frame[0], bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


@pytest.mark.parametrize("size", SIZES)
def test_a_message_of_any_size_is_written_and_read(size):
    payload = bytes(n % 251 for n in range(size))
    assert unmasked(client_frame(Opcode.TEXT, payload, b"\x01\xfe\x37\x80")) == (0x81, payload)
    assert MessageReader().feed(server_frame(payload)) == [Message(Opcode.TEXT, payload)]


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_every_payload_survives_its_mask(payload, mask):
    assert unmasked(client_frame(Opcode.TEXT, payload, mask))[1] == payload


@given(st.lists(st.binary(max_size=200), max_size=5), st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_messages_are_the_same_in_whatever_pieces_they_come(payloads, cuts):
    data = b"".join(map(server_frame, payloads))
    reader, read = MessageReader(), []
    for cut in cuts:
        read += reader.feed(data[:cut])
        data = data[cut:]
    assert [message.payload for message in [*read, *reader.feed(data)]] == payloads


@given(st.binary(max_size=400))
def test_bytes_of_any_kind_are_messages_or_refused(data):
    with contextlib.suppress(BadFrame):
        for message in MessageReader().feed(data):
            assert isinstance(message.payload, bytes)


def test_the_parts_of_a_message_are_put_together_and_a_ping_may_come_between_them():
    reader = MessageReader()
    data = server_frame(b"one ", final=False) + server_frame(b"?", Opcode.PING)
    data += server_frame(b"two ", Opcode.CONTINUATION, final=False) + server_frame(b"three", Opcode.CONTINUATION)
    assert reader.feed(data) == [Message(Opcode.PING, b"?"), Message(Opcode.TEXT, b"one two three")]
    assert reader.feed(server_frame(b"next")) == [Message(Opcode.TEXT, b"next")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (server_frame(b"x", Opcode.CONTINUATION), "a part of a message out of its order"),
        (server_frame(b"x", final=False) + server_frame(b"y"), "a part of a message out of its order"),
        (b"\x83\x01x", "a frame of the unknown kind 3"),
        (b"\xc1\x01x", "a frame with reserved bits, or masked by the server"),
        (b"\x81\x81\x00\x00\x00\x00x", "a frame with reserved bits, or masked by the server"),
        (b"\x81\x7f\x00\x00\x00\x00\x7f\xff\xff\xff", "a message that is too long"),
    ],
)
def test_what_no_server_may_send_is_refused_with_the_reason(data, reason):
    with pytest.raises(BadFrame) as caught:
        MessageReader().feed(data)
    assert str(caught.value) == reason


def test_the_request_for_a_connection_is_these_lines():
    assert upgrade_request("k==").decode().split("\r\n") == [
        "GET / HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: k==",
        "Sec-WebSocket-Version: 13",
        "",
        "",
    ]


def test_parts_that_grow_too_long_together_are_refused(monkeypatch):
    monkeypatch.setattr(websocket, "MESSAGE_BYTES_MAX", 10)
    reader = MessageReader()
    reader.feed(server_frame(b"123456", final=False))
    with pytest.raises(BadFrame):
        reader.feed(server_frame(b"78901", Opcode.CONTINUATION))


def test_only_an_answer_to_this_very_request_opens_the_connection():
    head = f"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nSec-WebSocket-Accept: {accept_key('k')}"
    assert accepts_upgrade(head.encode(), "k")
    assert not accepts_upgrade(head.encode(), "another")
    assert not accepts_upgrade(head.replace("101", "200").encode(), "k")
    for nonsense in (b"", b"HTTP/1.1", b"HTTP/1.1 101 Switching Protocols", b"\xff\xfe"):
        assert not accepts_upgrade(nonsense, "k")
