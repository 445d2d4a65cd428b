"""Locks of the ledger: the ref's own, and those that are held by name."""

import errno
import fcntl
import os
import re
import subprocess
import sys
import threading
import time

import pytest
from ledger_kit import AT, HOST, REF, RUN, fill, new_repo, open_ledger
from waiting import LIMIT_SECONDS, until

from gitorch.errors import Busy, Usage
from gitorch.ledger import lock, lock_owner


@pytest.fixture
def repo(tmp_path):
    return new_repo(tmp_path / "r")


@pytest.fixture
def ledger(repo):
    made = open_ledger(repo)
    made.create(HOST, AT, "L-1")
    return made


def test_a_writer_that_finds_the_ref_locked_waits_and_then_says_busy(repo):
    ledger = open_ledger(repo, wait_seconds=0.2)
    ledger.create(HOST, AT, "L-1")
    lock_file = repo / ".git" / f"{REF}.lock"
    lock_file.touch()
    with pytest.raises(Busy):
        fill(ledger, 1)
    os.utime(lock_file, (time.time() - 10, time.time() - 10))
    fill(ledger, 1)
    assert not lock_file.exists()


def test_a_lock_excludes_others_and_ends_with_its_block(repo, ledger):
    other = open_ledger(repo)
    with ledger.hold("tick"):
        with pytest.raises(Busy, match="tick"), other.hold("tick"):
            pass
        with pytest.raises(Busy, match="tick"), other.hold("tick", 0.05):
            pass
        with other.hold("another"):
            pass
    with other.hold("tick", 0.05):
        pass
    with pytest.raises(Usage), ledger.hold("../x"):
        pass


def test_a_lock_is_waited_for(repo, ledger):
    held, free = threading.Event(), threading.Event()

    def keep():
        with open_ledger(repo).hold("ledger"):
            held.set()
            free.wait()

    thread = threading.Thread(target=keep)
    thread.start()
    held.wait()
    threading.Timer(0.05, free.set).start()
    fill(ledger, 1)
    thread.join()
    assert ledger.state(RUN).run.records == 1


def test_a_waiting_writer_reads_what_others_write_meanwhile(repo, ledger):
    fill(ledger, 1)
    writer = open_ledger(repo)
    writer.state(RUN)
    fill(ledger, 30)
    read, tip = [], ledger.tip()
    places = writer._tip_index.places
    note = places.note
    places.note = lambda record, commit: (read.append(commit), note(record, commit))
    held, free = threading.Event(), threading.Event()

    def keep():
        with ledger.hold("ledger"):
            held.set()
            until(lambda: tip in read)
            free.set()

    thread = threading.Thread(target=keep)
    thread.start()
    held.wait()
    fill(writer, 1)
    assert free.is_set(), "it had read everything before its turn came"
    assert len(read) == len(set(read)), "and nothing twice"
    thread.join()


HOLDING = """
import sys
from pathlib import Path
from gitorch.ledger import lock
with lock.hold(Path(sys.argv[1]), sys.argv[2], 0.0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("wait_seconds", [0.0, 0.05])
def test_a_lock_that_another_process_holds_is_named_with_that_process_and_the_offered_command_shows_it(
    repo, ledger, wait_seconds
):
    words = (sys.executable, "-c", HOLDING, str(repo / ".git"), "tick")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy) as caught, ledger.hold("tick", wait_seconds):
            pass
        assert f"holds the lock tick (waited {wait_seconds:g} s): process {holder.pid} ({sys.executable} " in str(
            caught.value
        )
        assert re.search(r"which began \d+ s ago\.$", caught.value.message)
        shown = subprocess.run(caught.value.hint, shell=True, capture_output=True, text=True, check=True)
        assert str(holder.pid) in shown.stdout
        holder.stdin.close()
        holder.wait()
    with ledger.hold("tick", 5):
        pass


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_on_a_file_system_without_flock_a_lock_excludes_others_all_the_same(repo, ledger, monkeypatch, error):
    def flock(*_):
        raise OSError(error, "no locks available")

    monkeypatch.setattr(lock.fcntl, "flock", flock)
    other = open_ledger(repo)
    with ledger.hold("tick"), pytest.raises(Busy, match="tick"), other.hold("tick", 0.05):
        pass
    with other.hold("tick"):
        pass
    fill(ledger, 2)
    assert other.state(RUN).run.records == 2


def test_a_writer_that_gave_up_waiting_leaves_the_lock_to_the_next(repo, ledger):
    impatient, patient = open_ledger(repo), open_ledger(repo)
    with ledger.hold("tick", 1), pytest.raises(Busy, match="tick"), impatient.hold("tick", 0.05):
        pass
    for _ in range(3):
        with patient.hold("tick", 5), pytest.raises(Busy), impatient.hold("tick"):
            pass


@pytest.mark.parametrize("text", [None, "", "1: FLOCK\n", "1: POSIX ADVISORY WRITE 1 fe:00:1 0 EOF\n", "\n"])
def test_an_owner_that_the_kernel_does_not_show_is_not_named(tmp_path, monkeypatch, text):
    monkeypatch.setattr(lock_owner, "PROC", tmp_path)
    if text is not None:
        (tmp_path / "locks").write_text(text)
    assert lock_owner.owner(tmp_path) is None


@pytest.fixture
def interrupted(monkeypatch):
    """Let a wait with a limit end with Ctrl-C: at once, or when what is waited for has come."""
    wait = threading.Event.wait

    def interrupt(has_come):
        def wait_and_raise(event, seconds=None):
            if seconds is None:  # threads wait so for their own start
                return wait(event)
            assert not has_come or wait(event, LIMIT_SECONDS)
            raise KeyboardInterrupt

        monkeypatch.setattr(threading.Event, "wait", wait_and_raise)

    return interrupt


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_who_stopped_waiting_for_a_lock_leaves_it_to_the_next_once_it_is_let_go(tmp_path, interrupted, is_interrupted):
    path = tmp_path / "tick.lock"
    holder, waiter = (os.open(path, os.O_RDWR | os.O_CREAT) for _ in range(2))
    before = set(threading.enumerate())
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        if is_interrupted:
            interrupted(has_come=False)
            with pytest.raises(KeyboardInterrupt):
                lock._take_within(waiter, 1)
        else:
            assert not lock._take_within(waiter, 0.01)
        (waiting,) = set(threading.enumerate()) - before
        assert waiting.daemon, "a process that has stopped waiting can end"
    finally:
        os.close(holder)

    waiting.join(LIMIT_SECONDS)
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(waiter)
    with lock._flock(path, "tick", 0):
        pass


def test_a_lock_that_is_given_just_as_the_wait_is_interrupted_is_let_go(tmp_path, interrupted):
    path = tmp_path / "tick.lock"
    interrupted(has_come=True)
    with pytest.raises(KeyboardInterrupt):
        lock._take_within(os.open(path, os.O_RDWR | os.O_CREAT), 1)
    with lock._flock(path, "tick", 0):
        pass


def test_the_ref_s_file_has_the_mode_of_git_s(repo, ledger):
    fill(ledger, 1)
    assert oct((repo / ".git" / REF).stat().st_mode) == oct((repo / ".git/refs/heads/main").stat().st_mode)
