"""People who look: neither attaching nor peeking changes a terminal's size, or disturbs what is being typed into it."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

import pytest
from world.terminal_lab import wait_for

pytestmark = pytest.mark.tmux


@contextlib.contextmanager
def attached(lab, key, columns=60, rows=15):
    """Somebody attaches with a small terminal of their own, and leaves."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    argv = lab.terminals.attach_argv(key)
    env = {**os.environ, "TERM": "xterm-256color"}
    watching = subprocess.Popen(argv, stdin=follower, stdout=follower, stderr=follower, start_new_session=True, env=env)
    os.close(follower)
    reader = threading.Thread(target=drain, args=(leader,), daemon=True)
    reader.start()
    try:
        wait_for(lambda: pane(lab, "#{session_attached}") == "1")
        yield
    finally:
        watching.terminate()
        watching.wait()
        os.close(leader)


def drain(descriptor):
    with contextlib.suppress(OSError):
        while os.read(descriptor, 65536):
            pass


def pane(lab, what):
    return lab.tmux.output("list-panes", "-a", "-F", what).strip()


def test_a_small_terminal_that_attaches_changes_no_size(lab):
    key = lab.ready()
    before = pane(lab, "#{window_width}x#{window_height}")
    with attached(lab, key):
        assert pane(lab, "#{window_width}x#{window_height}") == before == "200x50"
        lab.terminals.screen(key)
    assert pane(lab, "#{window_width}x#{window_height}") == before


def test_a_text_arrives_once_while_somebody_watches_and_peeks(lab):
    key = lab.ready()
    stop = threading.Event()

    def peek():
        while not stop.is_set():
            lab.another().screen(key)

    with attached(lab, key):
        watcher = threading.Thread(target=peek)
        watcher.start()
        try:
            assert lab.deliver(key, "Read the brief now.") in {"delivered", "submitted"}
        finally:
            stop.set()
            watcher.join()
    assert lab.turns() == ["Read the brief now."]
