"""People who look: the window follows whoever attaches, and neither that nor peeking disturbs what is being typed into it."""

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
def attached(lab, key, columns=60, rows=15, clients=1):
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
        wait_for(lambda: pane(lab, "#{session_attached}") == str(clients))
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


def size(lab):
    return pane(lab, "#{window_width}x#{window_height}")


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (240, 60)])
def test_the_window_follows_a_terminal_that_attaches_and_has_its_own_size_afterwards(lab, columns, rows):
    key = lab.ready()
    assert size(lab) == "200x50"
    with attached(lab, key, columns, rows):
        wait_for(lambda: size(lab) == f"{columns}x{rows}")
        lab.terminals.screen(key)
    wait_for(lambda: size(lab) == "200x50")


def test_a_dialog_is_whole_on_a_small_terminal(lab):
    key = lab.ready("--menu", "Yes|" + "a long choice " * 4 + "|No")
    lab.mode("dialog")
    lab.wait_state(key, "dialog")
    with attached(lab, key, 80, 24):
        wait_for(lambda: size(lab) == "80x24")
        shown = lab.terminals.screen(key)
        assert all(text in shown for text in ("Run make?", "❯ 1. Yes", "3. No", "Enter to confirm"))


def test_the_window_follows_the_smallest_of_several_terminals(lab):
    key = lab.ready()
    with attached(lab, key, 120, 40):
        with attached(lab, key, 80, 30, clients=2):
            assert wait_for(lambda: size(lab) == "80x30")
        assert wait_for(lambda: size(lab) == "120x40")
    assert wait_for(lambda: size(lab) == "200x50")


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
