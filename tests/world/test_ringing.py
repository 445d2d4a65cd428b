"""Terminals that are attached to gitorch's tmux server are rung past tmux."""

from __future__ import annotations

import os
import pty
import select
import subprocess

import pytest
from waiting import until

from gitorch.world.clock import SystemClock
from gitorch.world.terminal.ringing import ring_clients
from gitorch.world.terminal.tmux import Tmux

pytestmark = pytest.mark.tmux
NAME = f"gitorch-ringing-{os.getpid()}"


@pytest.fixture
def tmux():
    """A server with one session, ended afterwards."""
    made = Tmux(NAME, os.environ, SystemClock())
    subprocess.run(("tmux", "-L", NAME, "-f", "/dev/null", "new-session", "-d", "cat"), env=made.env, check=True)
    yield made
    made.call("kill-server")


def test_every_attached_terminal_gets_a_bell_and_a_notification_of_its_own(tmux):
    master, slave = pty.openpty()
    words = ("tmux", "-L", NAME, "attach")
    client = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=tmux.env, start_new_session=True)
    os.close(slave)
    got = bytearray()

    def read() -> bytes:
        while select.select([master], [], [], 0)[0]:
            got.extend(os.read(master, 65_536))
        return bytes(got)

    until(lambda: read() and tmux.call("list-clients").out)
    ring_clients(tmux, "api asks: Which cookie?")
    until(lambda: b"\x1b]777;notify;gitorch;api asks: Which cookie?\a" in read())
    assert b"\a\x1b]9;api asks: Which cookie?\a" in read()
    client.kill()
    client.wait()
    os.close(master)


def test_without_a_server_nobody_is_rung():
    nowhere = Tmux("no-such-server", os.environ, SystemClock())
    ring_clients(nowhere, "api asks")
    assert not nowhere.answers()
