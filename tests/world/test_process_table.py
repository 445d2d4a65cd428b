"""Processes by id and start time."""

import os
import subprocess
import sys

import pytest
from world.terminal_lab import gone, wait_for

from gitorch.world import other_systems, processes
from gitorch.world.clock import SystemClock


def test_a_process_whose_name_holds_spaces_and_brackets_is_read():
    line = "42 (a) b (c) S 7 40 40 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 98765 1 2 3"
    assert processes.parse_stat(line, "boot") == processes.Process(
        42, 7, 40, "boot/98765", zombie=False, resident=2 * processes.PAGE_BYTES
    )
    assert processes.parse_stat("", "boot") is None


@pytest.mark.skipif(not processes.LINUX, reason="compares psutil with /proc")
def test_psutil_reads_the_same_facts_as_proc():
    with subprocess.Popen(["sleep", "600"], env={"MARK": "yes"}) as child:
        wait_for(lambda: "sleep" in processes.command(child.pid))
        mine, other = processes.table()[child.pid], other_systems.table()[child.pid]
        assert (mine.parent, mine.group, mine.zombie) == (other.parent, other.group, other.zombie)
        assert other == other_systems.process(child.pid)
        assert other.resident > 0
        assert other_systems.command(child.pid) == processes.command(child.pid) == "sleep 600"
        assert other_systems.environment(child.pid) == processes.environment(child.pid) == {"MARK": "yes"}
        assert child.pid in other_systems.marked("MARK", "yes") & processes.marked("MARK", "yes")
        child.kill()
        wait_for(lambda: gone(child.pid))


def test_a_process_that_does_not_exist_has_no_facts():
    assert processes.process(2**22 + 1) is other_systems.process(2**22 + 1) is None
    assert processes.command(2**22 + 1) == other_systems.command(2**22 + 1) == ""
    assert processes.environment(2**22 + 1) == other_systems.environment(2**22 + 1) == {}


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
