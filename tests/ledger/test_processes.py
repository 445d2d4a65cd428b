"""Many writers, and writers that are killed in the middle: nothing acknowledged is lost, nothing is wedged."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ledger_kit import AGENT, AT, ENV, HOST, REF, RUN, fill, git, new_repo, open_ledger, renewed

HERE = Path(__file__).parent
CHILD_ENV = ENV | {"PYTHONPATH": os.pathsep.join((str(HERE), str(HERE.parent.parent)))}


def child(repo, run, number, notes):
    command = (sys.executable, str(HERE / "append_child.py"), str(repo), run, str(number), str(notes))
    return subprocess.Popen(command, env=CHILD_ENV, stderr=subprocess.PIPE)


def noted(notes) -> list[tuple[int, str]]:
    """What was acknowledged; a last line that the kill cut off was not."""
    lines = notes.read_text().split("\n")[:-1] if notes.exists() else []
    return [(int(seq), commit) for seq, commit in map(str.split, lines)]


@pytest.fixture
def repo(tmp_path):
    repo = new_repo(tmp_path / "r")
    open_ledger(repo).create(HOST, AT, "L-1")
    return repo


def check_acknowledged(repo, acknowledged):
    commits = git(repo, "rev-list", "--reverse", REF).split()
    assert len({seq for seq, _ in acknowledged}) == len(acknowledged)
    assert all(commits[seq] == commit for seq, commit in acknowledged)


def test_eight_writers_lose_nothing_and_none_fails(repo, tmp_path):
    notes = [tmp_path / f"notes-{number}" for number in range(8)]
    children = [child(repo, f"r-{number}", 25, path) for number, path in enumerate(notes)]
    for process in children:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    acknowledged = [entry for path in notes for entry in noted(path)]
    assert len(acknowledged) == 200
    check_acknowledged(repo, acknowledged)
    verification = open_ledger(repo).verify()
    assert verification.faults == ()
    assert verification.records == 201
    ledger = open_ledger(repo)
    assert [ledger.state(f"r-{number}").run.records for number in range(8)] == [25] * 8


def kill_randomly(repo, tmp_path, kills, seed):
    """Start two writers at a time and kill them 0 to 60 ms after their first acknowledged append."""
    chance, acknowledged = random.Random(seed), []
    for number in range(0, kills, 2):
        notes = [tmp_path / f"notes-{number}-{which}" for which in "ab"]
        children = [child(repo, f"r-{which}", 10_000, path) for which, path in zip("ab", notes, strict=True)]
        for process, path in zip(children, notes, strict=True):
            wait_for(path, process)
            time.sleep(chance.random() * 0.06)  # the instant of the kill is the arrangement, not a wait
            process.send_signal(signal.SIGKILL)
            process.communicate()
        acknowledged += [entry for path in notes for entry in noted(path)]
    return acknowledged


def wait_for(path, process):
    limit = time.monotonic() + 30
    while not (path.exists() and path.stat().st_size):
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < limit
        time.sleep(0.001)


def check_after_kills(repo, acknowledged):
    git(repo, "fsck", "--no-dangling")
    check_acknowledged(repo, acknowledged)
    ledger = open_ledger(repo)
    fill(ledger, 1)
    assert ledger.verify().faults == ()


def test_writers_killed_at_random_instants_leave_a_ledger_that_holds(repo, tmp_path):
    check_after_kills(repo, kill_randomly(repo, tmp_path, 40, seed=1))


@pytest.mark.slow
def test_four_hundred_kills_leave_a_ledger_that_holds(repo, tmp_path):
    check_after_kills(repo, kill_randomly(repo, tmp_path, 400, seed=2))


def kill_points():
    """Every call by which an append changes the disk; each is made to be the last, before and after it happened."""
    return [(name, nth) for name in ("open", "write", "fsync", "rename", "replace") for nth in range(12)]


@pytest.mark.parametrize(("name", "nth"), kill_points())
def test_an_append_that_ends_at_any_system_call_happened_or_did_not(repo, name, nth):
    """In a forked child the nth call of this name is the last thing that the process does."""
    before = git(repo, "rev-parse", REF)
    pid = os.fork()
    if pid == 0:
        real, left = getattr(os, name), [nth]

        def last(*arguments, **options):
            answer = real(*arguments, **options)
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        ledger = open_ledger(repo)
        ledger.state(None)
        setattr(os, name, last)
        ledger.append(RUN, AGENT, AT, lambda _: [renewed(1, brief=b"x")])
        os._exit(0)
    os.waitpid(pid, 0)
    lock = repo / ".git" / f"{REF}.lock"
    if lock.exists():
        os.utime(lock, (time.time() - 10, time.time() - 10))
    after = git(repo, "rev-parse", REF)
    assert before in {after, git(repo, "rev-parse", f"{after}^") if after != before else before}
    ledger = open_ledger(repo)
    fill(ledger, 1)
    assert not lock.exists()
    assert ledger.verify().faults == ()
    git(repo, "fsck", "--no-dangling")
