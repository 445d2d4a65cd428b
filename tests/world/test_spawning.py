"""One short call of a program: what `programs.run` promises holds of `spawning.run`, which does without `subprocess`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from waiting import until

from gitorch.errors import Unavailable
from gitorch.world import programs, reaper, spawning

ENV = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
SHELL = ("sh", "-c")
IGNORED_BY_PYTHON = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
"""As bits of `SigIgn`: others may be ignored by whoever started the tests."""


@pytest.fixture(params=[spawning.run, programs.run], ids=["spawned", "subprocess"])
def run(request):
    return request.param


def test_a_program_gets_its_input_and_gives_both_outputs_and_its_status(run):
    done = run((*SHELL, "cat; echo oh >&2; exit 3"), ENV, given=b"x" * 1_000_000)
    assert (done.status, done.out_bytes, done.err) == (3, b"x" * 1_000_000, "oh")


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 0", 0),
        ("kill -9 $$", -9),
        ("exec >&- 2>&-; sleep 0.2; exit 7", 7),
        ("exec <&-; sleep 0.2; exit 7", 7),
        ("(sleep 0.3; echo late) & exit 4", 4),
    ],
)
def test_the_status_is_that_of_the_program_however_it_ends_and_whatever_it_closes(run, script, status):
    assert run((*SHELL, script), ENV, given=b"x" * 1_000_000).status == status


def test_the_environment_is_the_given_one_with_the_mark_and_nothing_else(run, monkeypatch):
    monkeypatch.setenv("FROM_OUTSIDE", "1")
    lines = set(run(("env",), ENV).out.splitlines())
    assert lines == {*(f"{name}={value}" for name, value in ENV.items()), f"{reaper.STARTED_VARIABLE}=env"}


def test_a_program_inherits_its_three_streams_and_no_other_descriptor(run, tmp_path):
    descriptor = os.open(tmp_path / "kept", os.O_CREAT | os.O_WRONLY)
    os.set_inheritable(descriptor, True)
    try:
        found = run(("ls", "/proc/self/fd"), ENV).out.split()
    finally:
        os.close(descriptor)
    assert found[:3] == ["0", "1", "2"]
    assert len(found) == 4, "the fourth is the listing itself"


def test_a_program_leads_a_session_of_its_own(run):
    pid, _, _, _, group, session = run(("cat", "/proc/self/stat"), ENV).out.split()[:6]
    assert pid == group == session


def test_a_program_ignores_no_signal_that_python_does(run):
    status = dict(line.split(":\t") for line in run(("cat", "/proc/self/status"), ENV).out.splitlines())
    assert int(status["SigIgn"], 16) & IGNORED_BY_PYTHON == 0


def test_a_program_has_the_limit_that_marks_it(run):
    limits = run((*SHELL, "sleep 0.2; cat /proc/self/limits"), ENV).out
    assert str(reaper.LIMIT) in limits


def test_the_program_is_that_of_the_path_that_it_is_given(run, tmp_path):
    (tmp_path / "first" / "tool").mkdir(parents=True)
    (tmp_path / "second").mkdir()
    tool = tmp_path / "second" / "tool"
    tool.write_text("#!/bin/sh\necho mine\n")
    tool.chmod(0o755)
    assert run(("tool",), {"PATH": f"{tmp_path}/first:{tmp_path}/second"}).out == "mine\n"


def test_a_program_that_is_missing_or_no_program_is_unavailable_in_the_same_words(tmp_path):
    odd = tmp_path / "odd"
    odd.write_bytes(b"\0\1")
    odd.chmod(0o755)
    told = {}
    for one in (spawning.run, programs.run):
        for name in ("no-such-program", "odd"):
            with pytest.raises(Unavailable) as raised:
                one((name,), {"PATH": str(tmp_path)})
            told.setdefault(name, set()).add((raised.value.message, raised.value.hint))
    assert [len(words) for words in told.values()] == [1, 1]


def test_a_program_that_does_not_end_in_time_is_ended_with_its_whole_group(run, tmp_path):
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 60 & echo $$ $! >{pids}; wait"
    begun = time.monotonic()
    with pytest.raises(Unavailable, match=r"sh gave no answer within 0\.5 seconds"):
        run((*SHELL, script), ENV, wait_seconds=0.5)
    assert time.monotonic() - begun < 30
    ended = [int(pid) for pid in pids.read_text().split()]
    assert len(ended) == 2
    until(lambda: not any(map(alive, ended)))


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


LEFT = """
import os, psutil
from gitorch.errors import Unavailable
from gitorch.world import programs, spawning
def run(*words):
    return {name}(words, dict(os.environ), given=b"three")
run("true")
before = psutil.Process().num_fds()
for _ in range(5):
    run("sh", "-c", "echo one; echo two >&2")
    try:
        run("no-such-program")
    except Unavailable:
        pass
print(psutil.Process().num_fds() - before)
try:
    print(os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print("no child")
"""


@pytest.mark.parametrize("name", ["spawning.run", "programs.run"])
def test_no_descriptor_and_no_child_is_left(name):
    """In a process of its own: this one has the descriptors and children of other tests."""
    code = LEFT.format(name=name)
    done = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True)
    assert done.stdout.split("\n") == ["0", "no child", ""]


@pytest.mark.parametrize("closed", [(0,), (1,), (0, 1, 2)])
def test_a_caller_without_standard_streams_is_served_all_the_same(closed, tmp_path):
    code = (
        f"import os\nfor one in {closed}: os.close(one)\n"
        "from gitorch.world import spawning\n"
        f"done = spawning.run(('cat',), {ENV!r}, given=b'through')\n"
        f"open({str(tmp_path / 'seen')!r}, 'wb').write(done.out_bytes)"
    )
    subprocess.run((sys.executable, "-c", code), check=True, capture_output=True)
    assert (tmp_path / "seen").read_bytes() == b"through"


def test_a_caller_that_ignores_its_children_gets_the_output():
    code = (
        "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "from gitorch.world import spawning\n"
        f"print(spawning.run(('echo', 'heard'), {ENV!r}).out, end='')"
    )
    done = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True)
    assert done.stdout == "heard\n"


def test_a_look_at_tmux_loads_neither_subprocess_nor_signal():
    code = (
        "import sys; from gitorch.world import spawning\n"
        f"assert spawning.run(('true',), {ENV!r}).status == 0\n"
        "print(sorted({'subprocess', 'signal', 'selectors', 'locale'} & set(sys.modules)))"
    )
    done = subprocess.run((sys.executable, "-S", "-c", code), check=True, capture_output=True, text=True, env=paths())
    assert done.stdout == "[]\n"


def paths() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
