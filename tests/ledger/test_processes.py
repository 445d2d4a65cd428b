"""Many writers, and writers that are killed in the middle: nothing acknowledged is lost, nothing is wedged."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from append_child import append_until_killed
from ledger_kit import AGENT, AT, ENV, HOST, REF, RUN, fill, git, new_repo, open_ledger, renewed
from waiting import until

from gitorch.ledger import durable, lock

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


@pytest.mark.slow  # quick: tests/ledger/test_shared.py, with four hosts
def test_eight_writers_lose_nothing_and_none_fails(repo, tmp_path):
    notes = [tmp_path / f"notes-{number}" for number in range(8)]
    children = [child(repo, f"r-{number}", 10, path) for number, path in enumerate(notes)]
    for process in children:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    acknowledged = [entry for path in notes for entry in noted(path)]
    assert len(acknowledged) == 80
    check_acknowledged(repo, acknowledged)
    verification = open_ledger(repo).verify()
    assert verification.faults == ()
    assert verification.records == 81
    ledger = open_ledger(repo)
    assert [ledger.state(f"r-{number}").run.records for number in range(8)] == [10] * 8


def forked(repo, run, notes):
    process = multiprocessing.get_context("fork").Process(target=append_until_killed, args=(repo, run, notes))
    process.start()
    return process


def kill_randomly(repo, tmp_path, kills, seed):
    """Two writers at a time, each killed 0 to 60 ms after its first acknowledged append."""
    chance, acknowledged = random.Random(seed), []
    for number in range(0, kills, 2):
        notes = [tmp_path / f"notes-{number}-{which}" for which in "ab"]
        children = [forked(repo, f"r-{which}", path) for which, path in zip("ab", notes, strict=True)]
        for process, path in zip(children, notes, strict=True):
            wait_for(path, process)
            process.join(chance.random() * 0.06)  # the instant of the kill
            assert process.exitcode is None
            process.kill()
            process.join()
        acknowledged += [entry for path in notes for entry in noted(path)]
    return acknowledged


def wait_for(path, process):
    def is_written():
        assert process.is_alive()
        return path.exists() and path.stat().st_size

    until(is_written, every_seconds=0.002)


def check_after_kills(repo, acknowledged):
    git(repo, "fsck", "--no-dangling")
    check_acknowledged(repo, acknowledged)
    ledger = open_ledger(repo)
    fill(ledger, 1)
    assert ledger.verify().faults == ()


def test_writers_killed_at_random_instants_leave_a_valid_ledger(repo, tmp_path):
    check_after_kills(repo, kill_randomly(repo, tmp_path, 20, seed=1))


@pytest.mark.slow
def test_four_hundred_kills_leave_a_valid_ledger(repo, tmp_path):
    check_after_kills(repo, kill_randomly(repo, tmp_path, 400, seed=2))


def append_until(repo, name, nth):
    """Append in a forked child, for which the nth call of this name is the last thing that it does; whether it was killed."""
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
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


@pytest.mark.each(2)
@pytest.mark.parametrize(
    ("name", "calls_min"), [("open", 20), ("write", 6), ("fsync", 1), ("rename", 5), ("replace", 1), ("utime", 1)]
)
def test_an_append_killed_at_any_system_call_is_whole_or_absent(repo, name, calls_min):
    """Each call of this name that an append makes is the last one in turn, until there is none more."""
    nth, was_killed = 0, True
    while was_killed:
        before = git(repo, "rev-parse", REF)
        was_killed = append_until(repo, name, nth)
        lock = repo / ".git" / f"{REF}.lock"
        if lock.exists():
            os.utime(lock, (time.time() - 10, time.time() - 10))
        after = git(repo, "rev-parse", REF)
        assert before in {after, git(repo, "rev-parse", f"{after}^") if after != before else before}
        ledger = open_ledger(repo)
        fill(ledger, 1)
        assert not lock.exists()
        assert ledger.verify().faults == ()
        nth += 1
    git(repo, "fsck", "--no-dangling")
    assert nth > calls_min, nth


@pytest.mark.parametrize("has_journal", [True, False])
@pytest.mark.parametrize("can_write_out", [True, False])
def test_every_object_is_durable_before_anything_names_it(repo, monkeypatch, has_journal, can_write_out):
    """The data of objects is on the device before they get their names, and they have their names before the ref moves.

    With one journal in order, the sync of the ref's folder is the only one, after the lock was let go. Without, each object
    is synced, then each of their folders, the ref, and its folder.
    """
    calls = []
    path_of = lambda descriptor: str(Path(f"/proc/self/fd/{descriptor}").readlink())  # noqa: E731  # used three times below

    def noting(name, describe):
        real = getattr(os, name)

        def call(*arguments, **options):
            calls.append((name, describe(*arguments)))
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, call)

    ledger = open_ledger(repo)
    monkeypatch.setattr(durable, "has_one_journal", lambda _: has_journal)
    monkeypatch.setattr(durable, "_write_out", lambda one: calls.append(("write_out", path_of(one))) or can_write_out)
    noting("fsync", path_of)
    noting("open", lambda path, *_: os.fsdecode(path))
    noting("rename", lambda _, target: os.fsdecode(target))
    noting("replace", lambda _, target: os.fsdecode(target))
    unlocked = []
    real_hold = lock.hold

    @contextmanager
    def hold(*arguments):
        with real_hold(*arguments):
            yield
        unlocked.append(len(calls))

    monkeypatch.setattr(lock, "hold", hold)
    ledger.append(RUN, AGENT, AT, lambda _: [renewed(1, brief=b"x")])
    own = [(number, *call) for number, call in enumerate(calls) if "/.git/gitorch/" not in call[1]]
    means = "write_out" if has_journal and can_write_out else "fsync"
    created, synced, named = (
        [number for number, name, path in own if name == kind and part in path and "gitorch/ledger" not in path]
        for kind, part in (("open", "tmp_obj_gitorch"), (means, "tmp_obj_gitorch"), ("rename", "/objects/"))
    )
    assert len(created) == len(synced) == len({calls[number][1] for number in named}) == 9
    assert max(created) < min(synced)
    assert max(synced) < min(named)

    (ref_synced,) = [number for number, name, path in own if (name, path) == (means, f"{repo}/.git/{REF}.lock")]
    (ref_moved,) = [number for number, name, path in own if (name, path) == ("replace", f"{repo}/.git/{REF}")]
    last = max(number for number, name, _ in own if name == "fsync")
    assert calls[last] == ("fsync", str((repo / ".git" / REF).parent))
    assert max(named) < ref_synced < ref_moved < last
    assert (last >= unlocked[-1]) is has_journal
    folders = {path for name, path in calls[max(named) : ref_synced] if name == "fsync"}
    assert folders == (set() if has_journal else {str(Path(calls[number][1]).parent) for number in named})
    syncs = [path for _, name, path in own if name == "fsync"]
    if means == "write_out":
        assert len(syncs) == 1


def test_a_batch_is_synced_once_and_an_append_that_writes_nothing_not_at_all(repo, monkeypatch):
    synced = []
    monkeypatch.setattr(durable, "has_one_journal", lambda _: True)
    monkeypatch.setattr(durable, "_write_out", lambda _: True)
    monkeypatch.setattr(os, "fsync", synced.append)
    ledger = open_ledger(repo)
    ledger.append(RUN, AGENT, AT, lambda _: [renewed(fence) for fence in range(8)])
    assert len(synced) == 1
    ledger.append(RUN, AGENT, AT, lambda _: [])
    assert len(synced) == 1
