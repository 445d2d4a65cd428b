"""Runs of a test command as real processes: bounded, clean, and believed only when our own child delivers the result."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from world.terminal_lab import gone, wait_for

from gitorch.errors import Failed
from gitorch.model.ids import CommitId
from gitorch.model.observed import CheckPhase
from gitorch.world import processes
from gitorch.world.check_runner import HALF_BYTES, Outcome, message, parse_message
from gitorch.world.checks import ProjectChecks
from gitorch.world.clock import SystemClock
from gitorch.world.files import read_json, write_json
from gitorch.world.git.worktrees import GitWorktrees


@pytest.fixture
def court(repo, tmp_path):
    court = Court(repo, tmp_path)
    yield court
    court.checks.clear(court.where.parent)


def started(pid):
    return processes.process(pid).started


class Court:
    def __init__(self, repo, folder):
        self.repo, self.folder = repo, folder
        self.environ = {**repo.environ, "GITORCH_TOKEN": "t0ken", "TMUX": "x", "PYTHONPATH": "/kept", "MINE": "yes"}
        self.home = repo.path / ".git/gitorch"
        self.commit = CommitId(repo.git("rev-parse", "HEAD"))
        self.where = folder / "trees" / f"check-{self.commit[:12]}"
        self.checks = self.another()

    def another(self):
        clock = SystemClock()
        worktrees = GitWorktrees(self.repo.path, self.repo.environ, clock)
        return ProjectChecks(self.home, worktrees, self.environ, clock)

    def run(self, command, wait_seconds=60):
        self.checks.start(self.commit, command, wait_seconds, self.where)
        return self.finished(command)

    def finished(self, command):
        return wait_for(lambda: (seen := self.look(command)).phase is CheckPhase.FINISHED and seen.check)

    def look(self, command):
        return self.checks.observe(self.commit, command)

    def log(self, command):
        return self.checks.log(self.commit, command).decode()

    def runner(self):
        return read_json(next((self.home / "checks").glob("*/runner.json")))["pid"]


def test_a_run_sees_a_clean_checkout_of_its_commit_and_a_clean_environment(court):
    court.repo.write("README.md", "uncommitted\n")
    command = "git status --porcelain; git rev-parse HEAD; cat README.md; env"
    assert court.run(command).outcome == "passed"
    lines = court.log(command).splitlines()
    assert lines[:4] == [court.commit, "one", "two", "three"]
    names = {line.split("=")[0] for line in lines[4:]}
    assert {"MINE", "PYTHONPATH", "PATH", "HOME"} <= names
    assert "PYTHONPATH=/kept" in lines
    assert {name for name in names if name.startswith(("GITORCH_", "TMUX", "GIT_"))} == {
        "GITORCH_CHECK",
        "GITORCH_NAME",
        "GITORCH_PORT",
        "GITORCH_PORTS",
        "GITORCH_STARTED_FOR",
    }


def test_the_checkout_is_gone_when_the_run_is_finished(court):
    court.run("touch litter")
    assert not court.where.exists()
    assert str(court.where) not in court.repo.git("worktree", "list", "--porcelain")


def test_the_time_limit_ends_everything_that_the_command_started(court):
    command = "echo $$ > ../pids; (trap '' TERM; sleep 600) & setsid sleep 600 & echo $! >> ../pids; sleep 600"
    check = court.run(command, wait_seconds=1)
    assert (check.outcome, check.exit_status) == ("timed-out", None)
    pids = [int(line) for line in (court.where.parent / "pids").read_text().split()]
    assert [gone(pid) for pid in pids] == [True, True]


def test_a_process_left_in_the_background_neither_delays_nor_survives_the_run(court):
    command = "setsid sleep 600 & echo $! > ../pid; echo done"
    check = court.run(command)
    assert (check.outcome, check.tail) == ("passed", "done")
    assert check.seconds < 300, "it did not wait for what sleeps 600 seconds"
    assert wait_for(lambda: gone(int((court.where.parent / "pid").read_text())))


def test_a_long_log_keeps_its_beginning_and_its_end(court):
    command = "echo first; seq 1 300000; echo last"
    assert court.run(command).tail.endswith("300000\nlast")
    log = court.log(command)
    assert log.startswith("first\n1\n2\n")
    assert "[gitorch left out " in log
    assert len(log) < 2 * HALF_BYTES + 200_000


def test_a_run_is_running_for_every_process_and_is_not_started_twice(court):
    command = "echo x >> ../begun; while [ ! -e ../go ]; do sleep 0.02; done"
    court.checks.start(court.commit, command, 60, court.where)
    assert court.another().observe(court.commit, command).phase is CheckPhase.RUNNING
    court.another().start(court.commit, command, 60, court.where)
    (court.where.parent / "go").touch()
    assert court.finished(command).outcome == "passed"
    court.checks.start(court.commit, command, 60, court.where)
    assert (court.where.parent / "begun").read_text() == "x\n"


BEGIN = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from world import repos
from world.test_check_runs import Court
court = Court(repos.Repo(Path({repo!r}), {environ!r}), Path({folder!r}))
court.checks.start(court.commit, {command!r}, 60, court.where)
os.killpg(os.getpid(), signal.SIGKILL)
"""


def test_a_run_ends_with_the_process_that_started_it_and_is_started_again(court):
    command = "echo $$ > ../pid; while [ ! -e ../go ]; do sleep 0.02; done; echo ended"
    code = BEGIN.format(
        tests=str(Path(__file__).parents[1]),
        repo=str(court.repo.path),
        environ=court.repo.environ,
        folder=str(court.folder),
        command=command,
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, check=False, start_new_session=True)
    assert done.returncode == -signal.SIGKILL
    wait_for(lambda: court.look(command).phase is CheckPhase.ABSENT)
    if (court.where.parent / "pid").exists():
        assert gone(int((court.where.parent / "pid").read_text()))
    (court.where.parent / "go").touch()
    assert court.run(command).tail == "ended"


def test_no_file_makes_a_result(court):
    command = "exit 7"
    court.checks.start(court.commit, command, 60, court.where)
    folder = next((court.home / "checks").glob("*/"))
    forged = b'{"outcome": "passed", "exit_status": 0, "seconds": 1.0, "bytes": 3}\nok\n'
    for name in ("result.json", "result", "log", "runner.log"):
        (folder / name).write_bytes(forged)
    assert court.finished(command).outcome == "failed"
    (folder / "log").write_bytes(b"forged\n")
    assert court.log(command) == ""
    wait_for(lambda: court.another().observe(court.commit, command).phase is CheckPhase.ABSENT)


def test_the_runner_s_connection_cannot_be_opened_by_another_process(court):
    command = """python3 - <<'END'
import glob, os
for parent in (os.getppid(), int(open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1])):
    for path in glob.glob(f"/proc/{parent}/fd/*"):
        if "socket" in os.readlink(path):
            try:
                open(path, "wb").write(b"forged")
                print("opened")
            except OSError as error:
                print(error.strerror)
END"""
    assert court.run(command).tail == "No such device or address"


def test_a_runner_that_ends_without_a_result_leaves_none(court):
    command = "sleep 600"
    court.checks.start(court.commit, command, 60, court.where)
    assert court.look(command).phase is CheckPhase.RUNNING
    os.kill(court.runner(), signal.SIGKILL)
    wait_for(lambda: court.look(command).phase is CheckPhase.ABSENT)
    assert court.log(command) == ""


def test_a_run_whose_runner_was_killed_is_absent_and_can_be_started_again(court):
    command = "echo $$ > ../pid; [ -e ../go ] || sleep 600; echo again"
    court.checks.start(court.commit, command, 60, court.where)
    first = wait_for(lambda: (court.where.parent / "pid").exists() and (court.where.parent / "pid").read_text())
    os.kill(court.runner(), signal.SIGKILL)
    wait_for(lambda: court.look(command).phase is CheckPhase.ABSENT)
    (court.where.parent / "go").touch()
    assert court.run(command).tail == "again"
    assert gone(int(first))


def test_clearing_ends_a_run_and_removes_its_checkout(court):
    command = "echo $$ > ../pid; sleep 600"
    court.checks.start(court.commit, command, 60, court.where)
    pid = int(wait_for(lambda: (court.where.parent / "pid").exists() and (court.where.parent / "pid").read_text()))
    court.checks.clear(court.where.parent)
    assert gone(pid)
    assert not court.where.exists()
    assert court.look(command).phase is CheckPhase.ABSENT


class Killed(BaseException):
    """The process is killed here."""


@pytest.mark.parametrize("file", ["spec.json", "runner.json", "lock"])
def test_clearing_ends_what_a_clearing_that_was_killed_began(court, monkeypatch, file):
    unlink = os.unlink

    def unlink_and_die(path, **how):
        unlink(path, **how)
        if Path(path).name == file:
            raise Killed

    court.run("true")
    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", unlink_and_die)
        with pytest.raises(Killed):
            court.checks.clear(court.where.parent)
    assert list((court.home / "checks").iterdir()) != []
    court.another().clear(court.where.parent)
    assert list((court.home / "checks").iterdir()) == []


def test_a_commit_that_cannot_be_checked_out_fails_and_leaves_no_run(court):
    nobody = CommitId("0" * 39 + "1")
    with pytest.raises(Failed):
        court.checks.start(nobody, "true", 60, court.where)
    assert court.checks.observe(nobody, "true").phase is CheckPhase.ABSENT


RESULT = Outcome("failed", 3, 1.5), b"one\ntwo\n"


def test_a_result_counts_only_when_it_arrived_whole():
    sent = message(*RESULT)
    assert parse_message(sent) == RESULT
    assert [parse_message(sent[:length]) for length in range(len(sent))] == [None] * len(sent)


@pytest.mark.parametrize("named", ["the repository", "a worktree", "a folder", "another form", "no text", "nothing"])
def test_clearing_removes_no_path_that_a_rewritten_file_names(court, named):
    court.run("true")
    under = court.where.parent
    work = under / "api"
    court.checks._worktrees.ensure(work, court.commit, "gitorch/x/api")
    (work / "README.md").write_text("uncommitted\n")
    folder = under / "keep"
    folder.mkdir()
    cwd = {"the repository": str(court.repo.path), "a worktree": str(work), "a folder": str(folder), "no text": 7}
    values = {"cwd": cwd.get(named, f"{under}/../trees/api")} if named != "nothing" else {}
    (spec,) = (court.home / "checks").glob("*/spec.json")
    write_json(spec, values)
    (court.home / "checks" / "link").symlink_to(folder)
    for broken in ({"pid": [1], "started": ""}, {"started": 3}, {"pid": os.getpid(), "started": started(os.getpid())}):
        write_json(spec.with_name("runner.json"), broken)
        court.checks.clear(under)
    assert (work / "README.md").read_text() == "uncommitted\n"
    assert folder.is_dir()
    assert (court.repo.path / "README.md").exists()


def test_a_runner_that_a_rewritten_file_names_is_not_ended(court):
    court.run("true")
    stranger = subprocess.Popen(("sleep", "60"))
    try:
        (folder,) = (court.home / "checks").glob("*/")
        write_json(folder / "runner.json", {"pid": stranger.pid, "started": started(stranger.pid)})
        court.checks.clear(court.where.parent)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
