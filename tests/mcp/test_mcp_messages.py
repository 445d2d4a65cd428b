"""Any bytes are answered by the rules of JSON-RPC, each line by one answer at most, and the server goes on."""

from __future__ import annotations

import json

import pytest
from clients import HANDSHAKE, answers, line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitorch import __version__
from gitorch.mcp import eras
from gitorch.mcp.messages import Fault, Message, parsed
from gitorch.text.lines import LINE_BYTES_MAX, Lines

PING = line("ping", id_=7)
PONG = {"jsonrpc": "2.0", "id": 7, "result": {}}


def only(data: bytes) -> dict:
    """The one answer to these bytes, after which a ping is still answered."""
    first, last = answers(data + PING)
    assert last == PONG
    return first


BATCH = "batches are not part of this protocol; send one message a line"
BAD_ID = "the id of a request is a text or a whole number"
NO_VERSION = 'a message has "jsonrpc": "2.0"'


@pytest.mark.parametrize(
    ("data", "code", "id_", "words"),
    [
        (b"{\n", -32700, None, "this is not JSON: Expecting property name"),
        (b"\xff\xfe\n", -32700, None, "this is not JSON: "),
        (b"[" * 100_000 + b"\n", -32700, None, "this is not JSON: maximum recursion depth"),
        (b'{"jsonrpc": "2.0", "id": NaN, "method": "ping"}\n', -32700, None, "this is not JSON: NaN is no JSON value"),
        (b"9" * 5_000 + b"\n", -32700, None, "this is not JSON: Exceeds the limit"),
        (b"[]\n", -32600, None, BATCH),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]\n', -32600, None, BATCH),
        (b'"ping"\n', -32600, None, "a message is a JSON object"),
        (b'{"id": 1, "method": "ping"}\n', -32600, 1, NO_VERSION),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}\n', -32600, 1, NO_VERSION),
        (b'{"jsonrpc": "2.0", "id": 1}\n', -32600, 1, "a message names its method"),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}\n', -32600, None, BAD_ID),
        (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}\n', -32600, None, BAD_ID),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}\n', -32600, None, BAD_ID),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}\n', -32600, None, BAD_ID),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}\n', -32600, 1, "a message names its method"),
        (
            b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}\n',
            -32602,
            1,
            "the parameters of a method are an object",
        ),
        (line("no/such", id_=1), -32601, 1, "gitorch has no method no/such"),
        (line("prompts/list", id_=1), -32601, 1, "gitorch has no method prompts/list"),
        (line("tools/list", {"cursor": "x"}, 1), -32602, 1, "there is no page with this cursor"),
        (line("tools/call", {"name": "no_such"}, 1), -32602, 1, "there is no tool 'no_such'"),
        (line("tools/call", {"name": ["status"]}, 1), -32602, 1, "there is no tool ['status']"),
        (line("tools/call", {}, 1), -32602, 1, "there is no tool None"),
        (
            line("tools/call", {"name": "status", "arguments": []}, 1),
            -32602,
            1,
            "the arguments of a tool must be a JSON object",
        ),
        (line("resources/read", {"uri": "gitorch://none"}, 1), -32602, 1, "there is no resource 'gitorch://none'"),
        (line("resources/read", {"uri": {"a": 1}}, 1), -32602, 1, "there is no resource {'a': 1}"),
        (
            b'{"jsonrpc": "2.0", "id": 1, "method": "' + b"x" * (LINE_BYTES_MAX + 1) + b'"}\n',
            -32600,
            None,
            f"a message is longer than {LINE_BYTES_MAX:,} bytes",
        ),
    ],
)
def test_what_is_no_request_is_answered_by_its_error(data, code, id_, words):
    found = only(data)
    assert (found["error"]["code"], found["id"], found["jsonrpc"]) == (code, id_, "2.0")
    assert found["error"]["message"].startswith(words)
    assert "result" not in found
    if "resource" in words:
        assert found["error"]["data"] == json.loads(data)["params"]


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b" \r\n",
        line("notifications/initialized"),
        line("notifications/cancelled", {"requestId": 99}),
        line("notifications/cancelled", {"requestId": [1]}),
        line("notifications/cancelled"),
        line("no/such"),
        line("tools/call", {"name": "status"}),
        b'{"jsonrpc": "2.0", "id": 1, "result": {}}\n',
        b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "x"}}\n',
    ],
)
def test_what_wants_no_answer_gets_none(data):
    assert answers(data + PING) == [PONG]


def test_a_last_line_without_a_line_feed_is_answered():
    assert answers(PING.rstrip()) == [PONG]


def test_lines_that_end_as_in_windows_are_read():
    assert answers(PING.replace(b"\n", b"\r\n")) == [PONG]


@pytest.mark.parametrize("id_", [0, -1, "", "ü", "\ud800", 2**63])
def test_an_answer_has_the_id_of_its_request(id_):
    assert answers(line("ping", id_=id_)) == [{"jsonrpc": "2.0", "id": id_, "result": {}}]


def test_every_version_of_the_handshake_is_spoken_and_an_unknown_one_gets_the_newest():
    for version in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
        [found] = answers(line("initialize", {**HANDSHAKE, "protocolVersion": version}, 1))
        assert found["result"]["protocolVersion"] == version
    for version in ("2031-01-01", "", 5, None, ["2025-11-25"]):
        [found] = answers(line("initialize", {**HANDSHAKE, "protocolVersion": version}, 1))
        assert found["result"]["protocolVersion"] == "2025-11-25"


def modern(version="2026-07-28", **params):
    return {**params, "_meta": {"io.modelcontextprotocol/protocolVersion": version}}


def test_both_eras_are_told_who_serves_and_how_to_begin():
    [found] = answers(line("initialize", HANDSHAKE, 1))
    same = {"capabilities": {"tools": {}, "resources": {}}, "instructions": eras.INSTRUCTIONS}
    server = {"name": "gitorch", "title": "gitorch", "version": __version__}
    assert found["result"] == {**same, "protocolVersion": "2025-11-25", "serverInfo": server}
    [found] = answers(line("server/discover", {}, 1))
    assert found["result"] == {
        **same,
        "supportedVersions": ["2026-07-28", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"],
        **CACHED,
    }


COMPLETE = {
    "resultType": "complete",
    "_meta": {
        "io.modelcontextprotocol/serverInfo": {"name": "gitorch", "title": "gitorch", "version": __version__},
    },
}
CACHED = {**COMPLETE, "ttlMs": 0, "cacheScope": "private"}


@pytest.mark.parametrize(
    ("method", "key"),
    [
        ("tools/list", "tools"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
        ("ping", ""),
    ],
)
def test_a_request_that_names_the_new_version_gets_an_answer_of_its_form(method, key):
    [old], [new] = answers(line(method, {}, 1)), answers(line(method, modern(), 1))
    more = CACHED if key else COMPLETE
    assert new["result"] == {**old["result"], **more}
    assert old["result"].keys() == ({key} if key else set())


def test_a_version_of_the_future_is_refused_with_those_that_are_spoken():
    [found] = answers(line("tools/list", modern("2030-01-01"), 1))
    supported = ["2026-07-28", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
    assert found["error"] == {
        "code": -32022,
        "message": "gitorch does not speak version 2030-01-01 of the protocol",
        "data": {"supported": supported, "requested": "2030-01-01"},
    }
    assert found["id"] == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
METHODS = st.sampled_from(["initialize", "ping", "tools/list", "tools/call", "resources/read", "server/discover"])
NAMES = st.sampled_from(["status", "handoff", "no_such", "approve_"])
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.sampled_from(["2.0", "2.0", "2.0", 2]),
        "id": VALUES,
        "method": METHODS | VALUES,
        "params": VALUES
        | st.fixed_dictionaries(
            {}, optional={"name": NAMES, "arguments": VALUES, "uri": VALUES, "_meta": VALUES, "cursor": VALUES}
        ),
    },
)


@given(st.lists(MESSAGES.map(json.dumps).map(str.encode) | st.binary(max_size=40), max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_the_server_answers_with_legal_messages_and_stays(lines):
    kept = [one.replace(b"\n", b"") for one in lines if not one.count(b'"status"') and not one.count(b'"handoff"')]
    found = answers(b"".join(one + b"\n" for one in kept) + PING)
    assert found[-1] == PONG
    assert len(found) <= len(kept) + 1
    for one in found:
        assert one["jsonrpc"] == "2.0"
        assert ("result" in one) != ("error" in one)
        assert isinstance(one["id"], str | int | None)


@given(st.lists(st.binary(max_size=30), max_size=8), st.lists(st.integers(1, 40), max_size=8))
def test_lines_are_cut_alike_however_the_bytes_arrive(parts, sizes):
    data = b"\n".join(parts)
    whole = Lines()
    expected = [*whole.feed(data), *whole.rest()]
    pieces, found = Lines(), []
    while data:
        size = sizes.pop() if sizes else 7
        found += pieces.feed(data[:size])
        data = data[size:]
    assert [*found, *pieces.rest()] == expected


def test_a_line_beyond_the_limit_is_not_kept_in_memory():
    lines = Lines()
    for _ in range(3 * LINE_BYTES_MAX // 1_000_000):
        assert list(lines.feed(b"x" * 1_000_000)) == []
    assert len(lines._kept) <= LINE_BYTES_MAX
    assert list(lines.feed(b"y\nz\n")) == [None, b"z"]


def test_a_line_of_exactly_the_limit_is_read():
    text = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}'
    lines = Lines()
    [whole] = lines.feed(text + b" " * (LINE_BYTES_MAX - len(text)) + b"\n")
    assert parsed(whole) == Message("ping", {}, 1)
    with pytest.raises(Fault, match=f"{LINE_BYTES_MAX:,}"):
        parsed(None)
