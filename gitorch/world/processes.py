"""Processes by id *and* start time, so that an id that was given to somebody else is never mistaken or killed."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.values import Value
from gitorch.world.programs import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gitorch.ports.world import Clock

PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Process(Value):
    """One line of the process table. `started` is opaque: equal for one process, different for any other; `resident` counts bytes."""

    pid: int
    parent: int
    group: int
    started: str
    zombie: bool
    resident: int = 0


@cache
def boot() -> str:
    """Names this boot of the machine: start times are counted from it. Empty where the system does not say."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def parse_stat(line: str, boot_id: str) -> Process | None:
    """Read a line of `/proc/<pid>/stat`; None for anything else. A program's name may hold spaces and brackets."""
    head, bracket, tail = line.rpartition(")")
    fields = tail.split()
    if not bracket or len(fields) < 20:
        return None
    pid = head.partition(" ")[0]
    resident = int(fields[21]) * PAGE_BYTES if len(fields) > 21 else 0
    return Process(int(pid), int(fields[1]), int(fields[2]), f"{boot_id}/{fields[19]}", fields[0] in "ZX", resident)


def parse_ps(line: str) -> Process | None:
    """Read a line of `ps -o pid=,ppid=,pgid=,state=,rss=,lstart=`, which counts memory in kilobytes."""
    fields = line.split(None, 5)
    if len(fields) < 6:
        return None
    pid, parent, group, state, resident, started = fields
    return Process(int(pid), int(parent), int(group), started.strip(), state.startswith("Z"), int(resident) * 1024)


def process(pid: int) -> Process | None:
    """One living or unreaped process, or None."""
    if not sys.platform.startswith("linux"):
        return table().get(pid)
    try:
        return parse_stat((PROC / str(pid) / "stat").read_text(errors="replace"), boot())
    except OSError:
        return None


def table() -> Mapping[int, Process]:
    """All processes, by id. Raises Unavailable where the system does not tell."""
    if not sys.platform.startswith("linux"):
        return ps_table()
    found = (process(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit())
    return {one.pid: one for one in found if one is not None}


def ps_table() -> Mapping[int, Process]:
    """All processes as `ps` shows them, for systems without `/proc`; start times are to the second."""
    done = run(["ps", "-A", "-o", "pid=,ppid=,pgid=,state=,rss=,lstart="], {"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
    if done.status != 0:
        raise Unavailable(f"ps cannot list the processes: {done.err}")
    found = (parse_ps(line) for line in done.out.splitlines())
    return {one.pid: one for one in found if one is not None}


def alive(pid: int, started: str) -> bool:
    """Whether exactly this process still runs."""
    one = process(pid)
    return one is not None and not one.zombie and one.started == started


def ancestors(pid: int) -> tuple[int, ...]:
    """The process's own id and those of its parents, nearest first."""
    line: list[int] = []
    while pid > 1 and pid not in line and (one := process(pid)) is not None:
        line.append(pid)
        pid = one.parent
    return tuple(line)


def children(everything: Mapping[int, Process]) -> Mapping[int, list[int]]:
    """The processes that each one has started and not outlived."""
    found: dict[int, list[int]] = {}
    for one in everything.values():
        found.setdefault(one.parent, []).append(one.pid)
    return found


def command(pid: int) -> str:
    """The words a process was started with, with blanks between them; empty where the system does not tell."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def below(
    roots: Iterable[int], everything: Mapping[int, Process], born: Mapping[int, list[int]] | None = None
) -> set[int]:
    """These processes and all that descend from them; `born` are the children of everything, where they are known already."""
    found = {pid for pid in roots if pid in everything}
    born = children(everything) if born is None else born
    waiting = list(found)
    while waiting:
        for child in born.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def marked(name: str, value: str) -> set[int]:
    """Processes that were started with this environment variable, found even when they left their tree and group.

    Only where the system shows environments (`/proc`), and only those of the same user.
    """
    mark = f"{name}={value}".encode()
    found: set[int] = set()
    if not PROC.joinpath("self/environ").exists():
        return found
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.add(int(entry.name))
    return found


def end(find: Callable[[Mapping[int, Process]], set[int]], clock: Clock, patience_seconds: float = 3.0) -> bool:
    """Ask every process that `find` names to end, then kill what is left; true when nothing of it remains.

    `find` sees a fresh process table each time, and whatever descends from a process once found is followed after its
    parent is gone. The caller's own process is spared.
    """
    known: dict[int, str] = {}
    limit = clock.now() + int(patience_seconds * 1000)
    asked: set[int] = set()
    while living := _living(find, known):
        if clock.now() > 2 * int(patience_seconds * 1000) + limit:
            return False
        for pid in living:
            if clock.now() > limit:
                _send(pid, signal.SIGKILL)
            elif pid not in asked:
                asked.add(pid)
                _send(pid, signal.SIGTERM)
                _send(pid, signal.SIGCONT)
        clock.sleep(0.02)
    return True


def _living(find: Callable[[Mapping[int, Process]], set[int]], known: dict[int, str]) -> set[int]:
    everything = table()
    still = {pid for pid, started in known.items() if pid in everything and everything[pid].started == started}
    found = below(still | find(everything), everything) - {os.getpid()}
    known.update({pid: everything[pid].started for pid in found})
    return {pid for pid in found if not everything[pid].zombie}


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
