"""The server itself on real sockets: who is slow, who comes in crowds, where it listens, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from waiting import LIMIT_SECONDS, until
from web_browser import _carry_out, _fail

from gitorch.errors import Busy, Usage
from gitorch.model import commands as c
from gitorch.web import server, stream
from gitorch.web.server import Options, listening, ready

HERE = Path(__file__).parent
STAGE = HERE.parent / "cli" / "cli_stage.py"


@contextmanager
def running(stage, **options):
    """A server over the stage in a thread: its port and its token."""
    with ready(lambda: stage.services, Options(port=0, **options), _carry_out, _fail) as made:
        thread = threading.Thread(target=made.run, daemon=True)
        thread.start()
        try:
            until(lambda: made.server.started, what="the server to start")
            yield made.listener.getsockname()[1], made.served.token
        finally:
            made.server.should_exit = True
            thread.join(LIMIT_SECONDS)
            assert not thread.is_alive()


def get(port, path, token, **headers):
    connection = HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS)
    connection.request("GET", path, headers={"authorization": f"Bearer {token}"} | headers)
    return connection.getresponse()


def raw(port, data: bytes, **options) -> socket.socket:
    made = socket.socket()
    if "receive_bytes" in options:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options["receive_bytes"])
    made.settimeout(LIMIT_SECONDS)
    made.connect(("127.0.0.1", port))
    made.sendall(data)
    return made


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    data = b"something"
    while data:
        try:
            data = connection.recv(65536)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
    return True


def test_a_new_record_is_an_event_within_a_second_and_its_id_is_the_commit(stage):
    assert stream.LOOK_SECONDS < 0.5, "it looks often enough"
    stage.begin_run()
    with running(stage) as (port, token):
        events = get(port, f"/events?after={stage.ledger.tip()}", token)
        assert events.headers["content-type"].startswith("text/event-stream")
        assert events.readline() == b"retry: 2000\n"
        stage.launch("api")
        lines = [events.readline().decode().strip() for _ in range(5)]
        assert "event: ledger" in lines
        identity = next(line for line in lines if line.startswith("id: ")).removeprefix("id: ")
        data = json.loads(next(line for line in lines if line.startswith("data: ")).removeprefix("data: "))
        commits = [written.commit for written in stage.ledger.records()]
        assert identity in commits
        assert any("lease granted: api" in sentence for sentence in data["records"])


def test_a_page_that_comes_back_is_told_exactly_what_it_missed(stage):
    stage.begin_run()
    known = stage.ledger.tip()
    stage.do(c.PauseRun("a break"), stage.who().actor)
    with running(stage) as (port, token):
        events = get(port, "/events", token, **{"last-event-id": known})
        lines = [events.readline().decode().strip() for _ in range(6)]
        data = json.loads(next(line for line in lines if line.startswith("data: ")).removeprefix("data: "))
        assert len(data["records"]) == 1
        assert "a break" in data["records"][0]


def test_a_hundred_streams_are_bounded_and_pages_still_answer(stage):
    stage.begin_run()
    with running(stage) as (port, token):
        request = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        streams = [raw(port, request) for _ in range(100)]
        heads = [one.recv(4096).split(b"\r\n")[0] for one in streams]
        assert heads.count(b"HTTP/1.1 200 OK") == stream.STREAMS_MAX
        assert heads.count(b"HTTP/1.1 503 Service Unavailable") == 100 - stream.STREAMS_MAX
        assert get(port, "/", token).status == 200
        for one in streams:
            one.close()
        until(
            lambda: get(port, "/events", token).status == 200,
            every_seconds=0.2,
            what="closed streams to be counted off",
        )


def test_connections_that_ask_nothing_or_byte_by_byte_are_ended_and_pages_still_answer(stage, monkeypatch):
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.4)
    stage.begin_run()
    with running(stage) as (port, token):
        silent = [raw(port, b"") for _ in range(20)]
        slow = raw(port, b"GET / HTTP/1.1\r\n")

        def dripped() -> bool:
            try:
                slow.setblocking(True)
                slow.sendall(b"X: y\r\n")
            except OSError:
                return True
            return is_closed(slow)

        until(dripped, every_seconds=0.1, what="the slow connection to be ended")
        until(lambda: all(is_closed(one) for one in silent), what="silent connections to be ended")
        assert get(port, "/", token).status == 200


@pytest.mark.slow
def test_a_reader_that_stops_reading_is_ended(stage, monkeypatch):
    monkeypatch.setattr(server, "STUCK_SECONDS", 0.4)
    stage.begin_run({f"epic-{n:02}": () for n in range(40)})
    with running(stage) as (port, token):
        request = f"GET /runs/auth-7f3a HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
        stuck = raw(port, request.encode() * 60, receive_bytes=4096)
        until(lambda: _reset(stuck), every_seconds=0.1, what="the stuck reader to be ended")
        assert get(port, "/", token).status == 200


def _reset(connection: socket.socket) -> bool:
    """Whether the other side has ended the connection, found without reading."""
    try:
        connection.sendall(b"\r\n")
    except OSError:
        return True
    return False


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["a huge header", "two hosts", "no host", "TLS", "a proxy request", "two lengths"],
)
def test_what_is_no_request_of_ours_gets_an_error_and_nothing_else(stage, data):
    with running(stage) as (port, _):
        answer = raw(port, data).recv(4096)
        assert re_status(answer) in {400, 401, 405, 421, 431}


def re_status(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


def test_a_process_with_a_token_of_gitorchs_changes_nothing_although_it_has_the_page_s_token(stage):
    stage.begin_run()
    script = (
        "import sys, http.client as h\n"
        "c = h.HTTPConnection('127.0.0.1', int(sys.argv[1]))\n"
        "o = f'http://127.0.0.1:{sys.argv[1]}'\n"
        "k = {'Authorization': 'Bearer ' + sys.argv[2], 'Origin': o, 'Content-Type': 'application/x-www-form-urlencoded'}\n"
        "c.request('POST', '/runs/auth-7f3a/pause', '', k)\n"
        "print(c.getresponse().status)\n"
    )
    with running(stage, changes=True) as (port, token):
        command = (sys.executable, "-I", "-c", script, str(port), token)
        for environ, status in (({"GITORCH_TOKEN": "x"}, "403"), ({}, "303")):
            done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=True)
            assert done.stdout.strip() == status
    assert stage.run.phase == "paused"


def test_a_taken_port_is_busy_and_without_a_wish_the_next_one_is_used(monkeypatch):
    with listening(Options(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Busy, match=f"port {port} is taken"), listening(Options(port=port)):
            pass
        monkeypatch.setattr(server, "PORT", port)
        with listening(Options()) as other:
            assert other.getsockname()[0] == "127.0.0.1"
            assert port < other.getsockname()[1] <= port + server.PORTS_TRIED


def test_a_socket_is_the_user_s_alone_replaces_one_that_was_left_and_is_removed(tmp_path):
    path = tmp_path / "s"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with listening(Options(path=path)) as listener:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert listener.fileno() > 0
        with pytest.raises(Busy, match="another program listens"), listening(Options(path=path)):
            pass
    assert not path.exists()
    path.write_text("a file of somebody")
    with pytest.raises(Usage, match="is not a socket"), listening(Options(path=path)):
        pass
    assert path.read_text() == "a file of somebody"
    with pytest.raises(Usage, match="too long"), listening(Options(path=tmp_path / ("x" * 120))):
        pass


def _heeds_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _killed(process):
    """Never wait for a process that a failed test left."""
    try:
        yield
    finally:
        process.kill()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_closes_the_page_removes_its_socket_and_has_its_exit_status(tmp_path, number, status):
    command = (sys.executable, STAGE, "working", "serve", "--socket", "s", "--json")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # A shell's background jobs ignore SIGINT, and so would their children.
    heeds = _heeds_signals
    with (
        subprocess.Popen(command, cwd=tmp_path, preexec_fn=heeds, **pipes) as process,  # noqa: PLW1509  no thread is left here
        _killed(process),
    ):
        values = json.loads(process.stdout.readline())
        assert values["socket"] == str(tmp_path / "s")
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(tmp_path / "s"))
            caller.sendall(
                f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {values['token']}\r\n\r\n".encode()
            )
            assert caller.recv(64).startswith(b"HTTP/1.1 200 OK")
        process.send_signal(number)
        assert process.wait(LIMIT_SECONDS) == status
        assert "Traceback" not in process.stderr.read()
    assert not (tmp_path / "s").exists()
