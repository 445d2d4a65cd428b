"""A program with its server beside it: the server ends with the program, is started again, and its absence costs only the channel."""

import os
import signal
import subprocess
import sys

import pytest
from waiting import until

from gitorch.world import companion, processes

SERVER = """
import os, pathlib, signal, socket, sys
path = pathlib.Path(sys.argv[1])
target = path.with_name("real.sock")
made = socket.socket(socket.AF_UNIX)
made.bind(str(target))
path.symlink_to(target)
path.with_name("real.sock.lock").touch()
made.listen()
with path.with_name("starts").open("a") as starts:
    print(os.getpid(), file=starts)
print("I listen", flush=True)
signal.pause()
"""
PROGRAM = """
import os, pathlib, sys
note = pathlib.Path(sys.argv[1])
note.with_name("words.new").write_text("\\n".join([str(os.getpid()), *sys.argv[2:]]))
note.with_name("words.new").rename(note)
sys.stdin.readline()
sys.exit(7)
"""


class Pair:
    """A program and its server, started as a pane starts them."""

    def __init__(self, folder, server=SERVER):
        self.folder, self.socket = folder, folder / "control/app.sock"
        self.socket.parent.mkdir(exist_ok=True)
        (folder / "server.py").write_text(server)
        (folder / "program.py").write_text(PROGRAM)
        program = [sys.executable, str(folder / "program.py"), str(folder / "words")]
        serve = [sys.executable, str(folder / "server.py"), str(self.socket)]
        beside = [sys.executable, "-I", "-S", companion.__file__, str(self.socket), "3"]
        words = [*beside, *serve, "--", *program, "--remote", "--", *program, "--resume", "a -- b"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE)

    def started(self):
        """The words of the program."""
        until((self.folder / "words").exists, what="the program")
        return (self.folder / "words").read_text().split("\n")

    def servers(self):
        """The process ids of all starts of the server."""
        starts = self.socket.with_name("starts")
        return [int(line) for line in starts.read_text().split()] if starts.exists() else []

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path)
    yield made
    made.end()


def is_gone(pid):
    return processes.process(pid) is None


def test_the_program_becomes_this_process_and_is_told_of_its_server(pair):
    assert pair.started() == [str(pair.process.pid), "--remote", "--resume", "a -- b"]
    assert pair.socket.exists()
    assert pair.socket.with_name("server.log").read_text() == "I listen\n"


def test_the_exit_status_is_the_programs_and_its_server_ends_with_it(pair):
    pair.started()
    (server,) = pair.servers()
    pair.process.communicate(b"\n")
    assert pair.process.returncode == 7
    until(lambda: is_gone(server), what="the end of the server")
    until(lambda: not os.path.lexists(pair.socket), what="the end of its socket")
    assert sorted(path.name for path in pair.socket.parent.iterdir()) == ["server.log", "starts"]


def test_a_server_ends_with_a_program_that_is_killed(pair):
    pair.started()
    (server,) = pair.servers()
    pair.process.kill()
    until(lambda: is_gone(server), what="the end of the server")


def test_a_server_that_is_killed_is_started_again(pair):
    pair.started()
    (server,) = pair.servers()
    os.kill(server, signal.SIGKILL)
    until(lambda: len(pair.servers()) == 2, what="another server")
    assert pair.process.poll() is None


def test_without_a_server_the_program_runs_as_it_would_alone(tmp_path):
    pair = Pair(tmp_path, server="import sys; sys.exit('error: unexpected argument --listen')")
    try:
        assert pair.started() == [str(pair.process.pid), "--resume", "a -- b"]
        assert "unexpected argument" in pair.socket.with_name("server.log").read_text()
    finally:
        pair.end()


def test_a_socket_that_an_earlier_server_left_is_not_taken_for_a_new_one(tmp_path):
    left = tmp_path / "left.sock"
    left.touch()
    (tmp_path / "control").mkdir()
    (tmp_path / "control/app.sock").symlink_to(left)
    pair = Pair(tmp_path, server="import time; time.sleep(0.3)")
    try:
        assert pair.started()[1:] == ["--resume", "a -- b"]
        assert not left.exists()
    finally:
        pair.end()
