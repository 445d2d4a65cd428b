"""A person attaches and leaves at any moment, also where the program is dying, dead or replaced: no other agent is lost (F15).

tmux 3.3a crashes when a client comes to or leaves a dead pane whose program had asked for focus events.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import random
import signal
import struct
import subprocess
import termios
import threading

import pytest
from world.terminal_lab import wait_for

from gitorch.errors import NotFound

pytestmark = pytest.mark.tmux

SIZES = ((80, 24), (120, 40), (200, 50), (61, 15))
PAUSES = (0.02, 0.05, 0.1, 0.2)
"""Seconds between two deeds."""

WAYS = (signal.SIGTERM, "closed", "key", signal.SIGKILL)

QUICK = range(3)
MANY = range(3, 203)


class Client:
    """Somebody who attaches with a terminal of their own."""

    def __init__(self, lab, key, size):
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.leader = leader
        self.program = subprocess.Popen(
            lab.terminals.attach_argv(key),
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )
        os.close(follower)
        threading.Thread(target=self.drain, daemon=True).start()

    def drain(self):
        with contextlib.suppress(OSError):
            while os.read(self.leader, 65536):
                pass

    def leave(self, how):
        """By the key, by a signal, or because the terminal is closed."""
        if how == "key":
            with contextlib.suppress(OSError):
                os.write(self.leader, b"\x02d")
        elif how == "closed":
            os.close(self.leader)
            self.leader = -1
        else:
            self.program.send_signal(how)

    def end(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.program.wait(0.5)
        self.program.kill()
        self.program.wait()
        if self.leader >= 0:
            os.close(self.leader)


def ends(lab, key, how):
    """The program dies, or gitorch stops its session."""
    if how == "stopped":
        lab.terminals.stop(key)
        return
    with contextlib.suppress(ProcessLookupError, StopIteration):
        os.kill(lab.pane(key).pid, how)


@pytest.fixture
def beside(lab):
    """Another agent on the same server, which must outlive everything."""
    key = lab.ready()
    return key, lab.pane(key).pid, lab.tmux.list().server


def moment(lab, seed):
    """Attach, die and leave in an order and at moments that the seed chooses."""
    chance = random.Random(seed)
    key = lab.ready("--focus")
    client = None
    deeds = ["attach", "end", "leave"] if seed % 4 else ["end", "attach", "leave"]
    death = chance.choice([signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, "stopped"])
    way = chance.choice(["key", "closed", signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
    if chance.random() < 0.3:
        deeds = ["attach", "leave", "end"]
    try:
        for deed in deeds:
            if deed == "attach":
                with contextlib.suppress(NotFound):  # it was stopped before
                    client = Client(lab, key, chance.choice(SIZES))
            elif deed == "end":
                ends(lab, key, death)
            elif client is not None:
                client.leave(way)
            lab.clock.sleep(chance.choice(PAUSES))
        if chance.random() < 0.5:
            lab.terminals.stop(key)
    finally:
        if client is not None:
            client.end()
        lab.terminals.stop(key)


@pytest.mark.parametrize("seed", [*QUICK, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MANY)])
def test_no_agent_is_lost_when_a_person_comes_and_leaves_at_any_moment(lab, beside, seed):
    key, pid, server = beside
    moment(lab, seed)
    wait_for(lambda: lab.look(key).present)
    assert (lab.pane(key).pid, lab.tmux.list().server, lab.look(key).state) == (pid, server, "idle")


@pytest.mark.parametrize("dies_first", [True, False])
@pytest.mark.parametrize("way", [WAYS[0], *(pytest.param(way, marks=pytest.mark.slow) for way in WAYS[1:])])
def test_no_agent_is_lost_where_a_program_is_killed_and_its_watcher_leaves_in_one_moment(lab, beside, way, dies_first):
    """The server is stopped meanwhile, so that it meets both in one round of its events."""
    _, pid, server = beside
    key = lab.ready("--focus")
    client = Client(lab, key, SIZES[0])
    wait_for(
        lambda: lab.tmux.output("display-message", "-p", "-t", f"={key.name}:", "#{session_attached}").strip() == "1"
    )
    lab.clock.sleep(0.2)
    program, server_pid = lab.pane(key).pid, int(server.partition(":")[0])
    os.kill(program, signal.SIGSTOP)
    os.kill(server_pid, signal.SIGSTOP)
    try:
        if dies_first:
            os.kill(program, signal.SIGKILL)
        client.leave(way)
        os.kill(program, signal.SIGKILL)
        lab.clock.sleep(0.1)
    finally:
        os.kill(server_pid, signal.SIGCONT)
    client.end()
    wait_for(lambda: lab.tmux.list().server != server or lab.pane(key).dead)
    assert lab.tmux.list().server == server
    assert lab.pane(beside[0]).pid == pid
