"""The runner of a check, in this process: what it sets up, runs, keeps and ends, and when it gives up."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import threading

import pytest

from gitorch.world import check_runner, notice_runner, processes
from gitorch.world.check_runner import Outcome, Output, Spec, message, parse_message
from gitorch.world.clock import SystemClock
from gitorch.world.process import Process

ENV = {"PATH": os.environ["PATH"], "BESIDE": "us"}


@pytest.fixture
def ends():
    """Both ends of the socket between a gitorch and its runner."""
    ours, its = socket.socketpair()
    with ours, its:
        yield ours, its


@pytest.fixture
def places(tmp_path):
    for name in ("run", "tree", "root"):
        (tmp_path / name).mkdir()
    return tmp_path


def ran(places, ends, command, wait_seconds=20.0, **more):
    spec = Spec(command, str(places / "tree"), wait_seconds, str(places / "run"), root=str(places / "root"), **more)
    result = check_runner.run(spec, ENV, ends[1])
    assert (places / "run" / "log").read_bytes() == (result[1] if result else (places / "run" / "log").read_bytes())
    return result


@pytest.mark.parametrize(
    ("command", "outcome", "status", "output"),
    [
        ("echo one; echo two >&2", "passed", 0, b"one\ntwo\n"),
        ("echo bad; exit 3", "failed", 3, b"bad\n"),
        ("kill -9 $$", "failed", -9, b""),
        ('pwd; echo "$BESIDE $OWN $GITORCH_CHECK $GITORCH_STARTED_FOR"', "passed", 0, b"{tree}\nus own {run} tests\n"),
        ("cat; echo $(ps -o pgid= -p $$) $$", "passed", 0, None),
    ],
)
def test_a_command_runs_in_the_checkout_with_its_variables(places, ends, command, outcome, status, output):
    found, kept = ran(places, ends, command, variables={"OWN": "own"})
    assert (found.outcome, found.exit_status) == (outcome, status)
    assert 0 <= found.seconds < 20
    if output is None:
        group, pid = kept.split()
        assert group == pid  # a group of its own, with nothing on its standard input
    else:
        assert kept.decode() == output.decode().format(tree=places / "tree", run=places / "run")


def test_a_command_that_takes_too_long_is_ended_with_what_it_started(places, ends):
    found, kept = ran(places, ends, "sleep 4243 & echo $!; sleep 4243", wait_seconds=0.3)
    assert (found.outcome, found.exit_status) == ("timed-out", None)
    assert 0.3 <= found.seconds < 10
    left = processes.process(int(kept.split()[0]))
    assert left is None or left.zombie


def test_what_a_command_leaves_in_another_session_is_ended_after_it(places, ends):
    found, kept = ran(places, ends, "setsid sleep 4244 >/dev/null & echo $!")
    assert found.outcome == "passed"
    left = processes.process(int(kept.split()[0]))
    assert left is None or left.zombie


def test_nothing_is_delivered_when_the_gitorch_has_ended(places, ends):
    threading.Timer(0.2, ends[0].close).start()
    assert ran(places, ends, "sleep 4245") is None
    assert ran(places, ends, "exit 0") is None


def test_a_checkout_is_set_up_first_and_nothing_runs_without_success(places, ends):
    (places / "root" / "env").write_text("secret")
    (places / "root" / "data").mkdir()
    more = {
        "setup": "cat env; ls -l data | wc -l; touch ready",
        "setup_wait_seconds": 20.0,
        "copies": ("env",),
        "links": ("data", "no"),
    }

    found, kept = ran(places, ends, "ls", **more)
    assert (found.outcome, found.exit_status, kept) == ("passed", 0, b"secret1\ndata\nenv\nready\n")
    assert (places / "tree" / "data").readlink() == places / "root" / "data"

    found, kept = ran(places, ends, "echo never", **{**more, "setup": "echo no; exit 4"})
    assert (found.outcome, found.exit_status, kept) == ("not-set-up", 4, b"no\n")

    found, kept = ran(places, ends, "echo never", **{**more, "setup": "exec sleep 4246", "setup_wait_seconds": 0.2})
    assert (found.outcome, found.exit_status, kept) == ("not-set-up", None, b"")
    assert found.seconds >= 0.2

    found, kept = ran(places, ends, "echo never", copies=("../x",))
    assert (found, kept) == (Outcome("not-set-up", None, 0.0), b"../x leads out of the worktree\n")


def test_a_run_that_only_sets_up_passes(places, ends):
    found, kept = ran(places, ends, "", setup="echo set up", setup_wait_seconds=20.0)
    assert (found.outcome, found.exit_status, kept) == ("passed", 0, b"set up\n")


def test_the_beginning_and_the_end_of_a_long_output_are_kept(monkeypatch):
    monkeypatch.setattr(check_runner, "HALF_BYTES", 10)
    output, log = Output(), io.BytesIO()
    for block in (b"0123456", b"789abc", b"defgh", b"ijklm", b"nopqr", b""):
        output.add(block, log)
    assert log.getvalue() == b"0123456789"
    assert output.kept() == b"0123456789\n[gitorch left out 8 bytes here]\nijklmnopqr"
    assert output.end() == b"\n[gitorch left out 8 bytes here]\nijklmnopqr"


def test_a_short_output_is_kept_whole(monkeypatch):
    monkeypatch.setattr(check_runner, "HALF_BYTES", 4)
    output = Output()
    output.add(b"0123", io.BytesIO())
    assert (output.kept(), output.end()) == (b"0123", b"")
    output.add(b"4567", io.BytesIO())
    assert (output.kept(), output.end()) == (b"01234567", b"4567")


def test_a_result_is_read_back_only_when_it_is_whole(ends):
    outcome, output = Outcome("failed", 3, 1.25), "é\n{}\n".encode()
    data = message(outcome, output)
    assert [parse_message(data[:end]) for end in range(len(data))] == [None] * len(data)
    assert parse_message(data) == (outcome, output)
    assert check_runner._deliver(ends[1], (outcome, output)) == 0
    assert ends[0].recv(1000) == data
    ends[0].close()
    assert check_runner._deliver(ends[1], (outcome, b"x" * 1_000_000)) == 1


@pytest.fixture
def started(places, ends, monkeypatch):
    """Starts the runner in this process as the command line does, and tells what it marked and what it would end."""
    told = []
    monkeypatch.setattr(check_runner.signal, "signal", lambda *words: told.append(words))
    monkeypatch.setattr(check_runner.reaper, "mark_process", lambda: told.append("marked"))
    monkeypatch.setattr(check_runner.reaper, "adopt_orphans", lambda: told.append("adopting"))
    for name, value in {"GITORCH_CHECK": "another", "PYTHONPATH": "ours", "BESIDE": "us"}.items():
        monkeypatch.setenv(name, value)

    def start(command, python_path=""):
        spec = {"command": command, "cwd": str(places / "tree"), "wait_seconds": 20.0, "folder": str(places / "run")}
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({**spec, "root": str(places / "root")})))
        monkeypatch.setattr("sys.argv", ["check_runner", str(os.dup(ends[1].fileno())), python_path])
        monkeypatch.setattr(check_runner, "_end_adopted", lambda: told.append("ended"))
        return check_runner.main()

    return start, told


def test_the_runner_reads_its_spec_and_delivers_the_result(started, places, ends):
    start, told = started
    shown = 'echo "$GITORCH_CHECK $BESIDE ${PYTHONPATH-none}"'
    for given, path in (("", "none"), ("theirs", "theirs")):
        assert start(shown, given) == 0
        outcome, output = parse_message(ends[0].recv(10_000))
        assert (outcome.outcome, output) == ("passed", f"{places / 'run'} us {path}\n".encode())
    assert told[:4] == [(signal.SIGHUP, signal.SIG_IGN), "marked", "adopting", "ended"]
    ends[0].close()
    assert start("exit 0") == 1


def test_what_the_runner_adopted_is_ended(monkeypatch):
    found = []
    monkeypatch.setattr(processes, "end", lambda find, clock: found.append((find, type(clock))))
    check_runner._end_adopted()
    (find, clock), me = found[0], os.getpid()
    everything = {
        pid: Process(pid, parent, pid, "1", zombie=False) for pid, parent in {me: 1, 7: me, 8: 7, 9: 1}.items()
    }
    assert (find(everything), clock) == ({me, 7, 8}, SystemClock)


@pytest.fixture
def notice(tmp_path):
    path = tmp_path / "notice.json"
    path.write_text("{}")
    return path


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["true"], ""),
        (["sh", "-c", 'test "$(cat)" = "{}"'], ""),
        (["sh", "-c", "echo quiet"], ""),
        (["no-such-program"], "no-such-program cannot be run: No such file or directory"),
        (["sh", "-c", "exit 4"], "sh exited with 4"),
        (["sh", "-c", "echo ' why ' >&2; exit 4"], "sh exited with 4: why"),
        (["sh", "-c", "printf %0500d 7 >&2; exit 1"], "sh exited with 1: " + "0" * 399 + "7"),
        (["sleep", "4247"], "sleep took longer than 0.5 s and was ended"),
    ],
)
def test_the_reason_for_a_failed_notice_is_one_sentence(notice, argv, reason):
    assert notice_runner.failure_reason(0.5, notice, argv) == reason


def test_a_failed_notice_is_kept_once_until_it_was_reported_and_works_again(notice, tmp_path):
    failure, reported = tmp_path / "failure", tmp_path / "failure.reported"
    notice_runner.main("5", str(notice), str(failure), "false")
    assert failure.read_text() == "false exited with 1"
    failure.rename(reported)
    notice_runner.main("5", str(notice), str(failure), "false")
    assert not failure.exists()
    notice_runner.main("5", str(notice), str(failure), "true")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notice.json"]
