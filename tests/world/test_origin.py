"""What shows that gitorch started a process, and what does not."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import LIMIT_SECONDS
from world.terminal_lab import gone, wait_for

from gitorch.world import origin, processes, programs, reaper

LINUX = pytest.mark.skipif(not processes.LINUX, reason="subreapers and this limit are Linux's")
SHOW = """\
import os, sys
from gitorch.world import origin
with open(sys.argv[1], "w") as file:
    file.write(origin.evidence(os.environ) or "a person")
"""
CLEAN = ("env", "-i", sys.executable, "-c", SHOW)
DAEMON = """\
import os, sys
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def written(path):
    return wait_for(lambda: path.exists() and path.read_text())


def reap(*argv, options=()):
    return subprocess.run([sys.executable, "-I", "-S", reaper.__file__, *options, *argv], check=False).returncode


def test_a_caller_that_nothing_of_gitorchs_started_may_be_a_person():
    assert origin.evidence({}) == ""
    assert origin.evidence({"GITORCH_OPERATOR": "ada", "GITORCH_SCRIPT": "x", "GITORCH_TOKEN": ""}) == ""


@pytest.mark.parametrize("name", origin.AGENT_VARIABLES)
def test_a_variable_that_only_gitorch_sets_shows_an_agent_whatever_its_value(name):
    assert origin.evidence({name: "made up"}) == f"its environment has {name}"


def test_an_ancestor_with_such_a_variable_shows_an_agent(tmp_path):
    out = tmp_path / "out"
    script = f'{sys.executable} -c "$1" "$0"; :'
    argv = ["sh", "-c", f"env -u GITORCH_CHECK {script}", str(out), SHOW]
    subprocess.run(argv, env={**os.environ, "GITORCH_CHECK": "x"}, check=True)
    assert out.read_text().endswith(" has GITORCH_CHECK in its environment")


@pytest.mark.parametrize(
    ("command", "known"),
    [
        ("tmux -D -u -L gitorch-0f2a -f /dev/null", "the tmux server gitorch-0f2a"),
        ("/usr/bin/tmux -u -L gitorch-0f2a -f /dev/null start-server ;", "the tmux server gitorch-0f2a"),
        ("python -I -S /x/gitorch/world/reaper.py --detach tmux", "a process that runs programs for gitorch"),
        ("python -m gitorch.world.check_runner /x", "a process that runs programs for gitorch"),
        ("tmux new -s gitorch-0f2a", ""),
        ("tmux -L work", ""),
        ("vim gitorch/world/reaper.py", ""),
        ("python -m pytest -I gitorch/world/reaper.pyx", ""),
        ("", ""),
    ],
)
def test_a_process_of_gitorchs_is_known_by_its_command_line(command, known):
    assert origin.server_of(command) == known


@LINUX
def test_the_limit_survives_a_daemon_with_an_empty_environment(tmp_path):
    out = tmp_path / "out"
    assert reap(sys.executable, "-c", DAEMON, *CLEAN, str(out), options=("--exec",)) == 0
    assert "ulimit -R" in written(out)


@LINUX
@pytest.mark.parametrize(
    ("soft", "hard", "is_ours"),
    [
        (1, resource.RLIM_INFINITY, False),
        (1, origin.LIMIT_MIN - 1, False),
        (1, origin.LIMIT_MIN, True),
        (origin.LIMIT_MIN, origin.LIMIT_MIN + 1, True),
    ],
)
def test_only_a_hard_limit_of_an_hour_or_more_shows_gitorch(monkeypatch, soft, hard, is_ours):
    monkeypatch.setattr(
        resource, "getrlimit", lambda which: (soft, hard) if which == resource.RLIMIT_RTTIME else (0, 0)
    )
    limit = "it inherited the limit that gitorch sets for the programs it starts (ulimit -R)"
    assert (origin.evidence({}) == limit) is is_ours
    monkeypatch.delattr(resource, "RLIMIT_RTTIME")
    assert origin.evidence({}) != limit


@LINUX
def test_a_low_limit_of_somebody_elses_shows_nothing(tmp_path):
    out = tmp_path / "out"
    limits = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_RTTIME, (200000, 200000)); "
    subprocess.run(
        [sys.executable, "-c", f"{limits}os.execvp(sys.argv[1], sys.argv[1:])", *CLEAN, str(out)], check=True
    )
    assert out.read_text() == "a person"


@LINUX
def test_a_program_of_gitorchs_is_marked_by_its_environment_and_its_limit():
    show = "import os, resource; print(os.environ['GITORCH_STARTED_FOR'], resource.getrlimit(resource.RLIMIT_RTTIME))"
    wait = "import sys; sys.stdin.read(); "
    result = programs.run([sys.executable, "-c", wait + show], {}, given=b"x")
    assert result.out == f"{Path(sys.executable).name} ({reaper.LIMIT}, {reaper.LIMIT})\n"


@LINUX
def test_the_suite_itself_is_not_marked():
    assert resource.getrlimit(resource.RLIMIT_RTTIME)[1] == resource.RLIM_INFINITY


@LINUX
def test_an_orphan_keeps_the_reaper_as_its_ancestor_until_it_ends(tmp_path):
    out = tmp_path / "pid"
    orphan = f"echo $$ >{out}; exec sleep 600"
    with subprocess.Popen(
        [sys.executable, "-I", "-S", reaper.__file__, sys.executable, "-c", DAEMON, "env", "-i", "sh", "-c", orphan]
    ) as parent:
        pid = int(written(out))
        assert wait_for(lambda: processes.process(pid).parent == parent.pid)
        os.kill(parent.pid, 15)
        assert processes.ancestors(pid)[1] == parent.pid
        os.kill(pid, 9)
        assert parent.wait(LIMIT_SECONDS) == 0


@pytest.mark.parametrize(("command", "status"), [("exit 3", 3), ("true", 0)])
def test_the_exit_status_is_the_programs(command, status):
    assert reap("sh", "-c", command) == status


def test_a_missing_program_exits_with_127():
    assert reap("no-such-program") == 127


@LINUX
def test_signals_that_the_reaper_ignores_still_end_the_program(tmp_path):
    out = tmp_path / "pid"
    with subprocess.Popen(
        [sys.executable, "-I", "-S", reaper.__file__, "sh", "-c", f"echo $$ >{out}; exec sleep 600"]
    ) as parent:
        pid = int(written(out))
        os.kill(parent.pid, 15)
        os.kill(pid, 15)
        assert parent.wait(LIMIT_SECONDS) == 15
    assert gone(pid)


SLOW_FORK = """
import os, signal, sys
from gitorch.world import reaper
fork = os.fork
signal.signal(signal.{name}, signal.SIG_DFL)  # whoever started these tests may ignore it, as nohup does
def slow():
    pid = fork()
    os.kill(os.getpid(), signal.{name})
    return pid
os.fork = slow
sys.exit(reaper.main(["sh", "-c", "exec sleep 600"]))
"""


@LINUX
@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGTERM"])
def test_a_signal_between_the_start_of_the_program_and_its_being_ignored_ends_both(name):
    done = subprocess.run(
        [sys.executable, "-c", SLOW_FORK.format(name=name)],
        timeout=LIMIT_SECONDS,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (getattr(signal, name), "")


REST = """
import sys
from gitorch.world import reaper
sys.modules["pathlib"] = None  # a signal that comes while another imports it would find half of it
reaper.REST_SECONDS, reaper.AGAIN_SECONDS, reaper.detach = 0.1, 0.05, lambda: None
reaper.RECORDER_SECONDS = 2
sys.exit(reaper.main(["--detach", *sys.argv[1:]]))
"""
DEAF = "trap '' HUP TERM; setsid sh -c 'sleep 600 & echo $! > {0}/deep; wait' & echo $! > {0}/left; {1}"


@LINUX
@pytest.mark.parametrize(
    "end", ["until [ -s {0}/deep ]; do :; done; exit 3", "until [ -s {0}/deep ]; do :; done; kill -9 $$"]
)
def test_what_a_tmux_server_leaves_is_ended_with_it_whatever_signals_it_ignores(tmp_path, end):
    words = ["sh", "-c", DEAF.format(tmp_path, end.format(tmp_path))]
    done = subprocess.run([sys.executable, "-c", REST, *words], check=False, timeout=LIMIT_SECONDS)
    assert done.returncode in {3, 9}
    assert [processes.process(int((tmp_path / name).read_text())) for name in ("left", "deep")] == [None, None]


RECORDING = "(trap '' HUP TERM; sleep {1}; : gitorch.world.kept_output; touch {0}/kept; exec sleep 600) & exit 0"


@LINUX
@pytest.mark.parametrize(("takes_seconds", "is_kept"), [(0.6, True), (600, False)])
def test_what_keeps_the_output_of_a_session_may_finish_and_is_ended_in_the_end(tmp_path, takes_seconds, is_kept):
    words = ["sh", "-c", RECORDING.format(tmp_path, takes_seconds)]
    done = subprocess.run([sys.executable, "-c", REST, *words], check=False, timeout=LIMIT_SECONDS)
    assert done.returncode == 0
    assert (tmp_path / "kept").exists() is is_kept
