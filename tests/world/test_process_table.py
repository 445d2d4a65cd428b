"""Processes by id and start time."""

import os
import shutil
import subprocess
import sys

import pytest
from world.terminal_lab import gone, wait_for

from gitorch.world import processes
from gitorch.world.clock import SystemClock


def test_a_process_whose_name_holds_spaces_and_brackets_is_read():
    line = "42 (a) b (c) S 7 40 40 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 98765 1 2 3"
    assert processes.parse_stat(line, "boot") == processes.Process(
        42, 7, 40, "boot/98765", zombie=False, resident=2 * processes.PAGE_BYTES
    )
    assert processes.parse_stat("", "boot") is None


@pytest.mark.skipif(shutil.which("ps") is None, reason="ps is not here; gitorch asks it only where there is no /proc")
def test_ps_tells_the_same_as_proc():
    here = processes.ps_table()[os.getpid()]
    one = processes.process(os.getpid())
    assert (here.pid, here.parent, here.group, here.zombie) == (one.pid, one.parent, one.group, one.zombie)


def test_only_exactly_the_same_process_is_alive():
    with subprocess.Popen(["sleep", "600"]) as child:
        started = processes.process(child.pid).started
        assert processes.alive(child.pid, started)
        assert not processes.alive(child.pid, "other")
        child.kill()
        wait_for(lambda: not processes.alive(child.pid, started))


def test_ancestors_begin_with_the_process_and_end_below_the_first():
    line = processes.ancestors(os.getpid())
    assert line[:2] == (os.getpid(), os.getppid())
    assert 1 not in line


ORPHAN = """import os, signal, time
if os.fork(): os.wait()
signal.signal(signal.SIGTERM, signal.SIG_IGN); os.setsid(); print(os.getpid(), flush=True); time.sleep(600)"""


def test_ending_follows_a_family_whose_parent_is_gone():
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True) as parent:
        orphan = int(parent.stdout.readline())

        def find(everything):
            return {pid for pid, one in everything.items() if pid == parent.pid and not one.zombie}

        assert processes.end(find, SystemClock(), patience_seconds=0.3)
    assert gone(orphan)


def test_the_caller_itself_is_spared():
    before = processes.process(os.getpid())
    assert processes._living(lambda _: {os.getpid()}, {}) & {os.getpid()} == set()
    assert processes.process(os.getpid()) == before
