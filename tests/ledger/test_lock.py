"""Locks of the ledger: the ref's own, and those that are held by name."""

import os
import threading
import time

import pytest
from ledger_kit import AT, HOST, REF, RUN, fill, new_repo, open_ledger
from waiting import until

from gitorch.errors import Busy, Usage


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
    lock = repo / ".git" / f"{REF}.lock"
    lock.touch()
    with pytest.raises(Busy):
        fill(ledger, 1)
    os.utime(lock, (time.time() - 10, time.time() - 10))
    fill(ledger, 1)
    assert not lock.exists()


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
            free.wait(5)

    thread = threading.Thread(target=keep)
    thread.start()
    held.wait(5)
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
    held.wait(5)
    fill(writer, 1)
    assert free.is_set(), "it had read everything before its turn came"
    assert len(read) == len(set(read)), "and nothing twice"
    thread.join()
