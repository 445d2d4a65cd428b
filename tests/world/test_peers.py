"""Who is at the other end of a connection over loopback, on real sockets and processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from gitorch.world import peers

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lists connections in /proc")

CALLS = "exec 3<>/dev/tcp/127.0.0.1/$0; read -r line"
"""For bash, which every user may run."""


@contextmanager
def caller(**how):
    """A process that has a connection to a server of ours: the server's port, and its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with subprocess.Popen(("bash", "-c", CALLS, str(port)), stdin=subprocess.PIPE, cwd="/", **how) as process:
            connection, (_, client_port) = server.accept()
            with connection:
                yield process, port, client_port
                process.stdin.close()


def test_a_process_of_a_person_is_of_this_user_and_not_started_by_us():
    with caller() as (_, port, client_port):
        found = peers.other_end(port, client_port)
        assert found is not None
        assert not peers.is_of_another_user(found)
        assert peers.holder_started_by_us(found) == 0


def test_a_process_with_a_token_in_its_environment_is_found_by_its_connection():
    with caller(env=os.environ | {"GITORCH_TOKEN": "anything"}) as (process, port, client_port):
        found = peers.other_end(port, client_port)
        assert peers.holder_started_by_us(found) == process.pid


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_is_recognised():
    with caller(user=65534) as (_, port, client_port):
        assert peers.is_of_another_user(peers.other_end(port, client_port))


def test_a_connection_that_is_not_there_is_unknown(monkeypatch, tmp_path):
    assert peers.other_end(1, 2) is None
    monkeypatch.setattr(peers, "PROC", tmp_path)
    assert peers.other_end(1, 2) is None
    assert peers.holder_started_by_us(peers.Connection(0, "1")) == 0
