"""Processes by id *and* start time, so that an id that now belongs to another process is never mistaken or killed.

Linux is read from `/proc`: importing psutil costs 20 ms, and its process table 5 times as much as ours (7.7 ms against 1.6 for 95
processes). Start times must be those that a session's wrapper reads from `/proc` in the shell, and psutil computes others from them.
Every other system is asked through psutil.
"""

from __future__ import annotations

import contextlib
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.world.process import Process

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterable, Mapping

    from gitorch.ports.world import Clock

PROC = Path("/proc")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
LINUX = sys.platform.startswith("linux")


@cache
def boot() -> str:
    """The id of this boot of the machine, from which start times count. Empty where the system has none."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def parse_stat(line: str, boot_id: str) -> Process | None:
    """Read a line of `/proc/<pid>/stat`; None for anything else.

    A program's name stands in brackets and may hold blanks and brackets itself, so fields count from the last bracket.
    `boot_id` makes start times of different boots different. Lines without the field for memory are understood too.
    """
    head, bracket, tail = line.rpartition(")")
    fields = tail.split()
    if not bracket or len(fields) < 20:
        return None

    resident = 0
    try:
        if len(fields) > 21:
            resident = int(fields[21]) * PAGE_BYTES

        return Process(
            pid=int(head.partition(" ")[0]),
            parent=int(fields[1]),
            group=int(fields[2]),
            started=f"{boot_id}/{fields[19]}",
            zombie=fields[0] in "ZX",
            resident=resident,
            asleep=fields[0] == "S",
        )
    except ValueError:
        return None


def process(pid: int) -> Process | None:
    """One living or unreaped process; None when there is none with this id."""
    if not LINUX:
        from gitorch.world import other_systems  # noqa: PLC0415  psutil costs 20 ms, and Linux does not need it

        return other_systems.process(pid)

    try:
        return parse_stat(_read(f"{PROC}/{pid}/stat").decode(errors="replace"), boot())
    except OSError:
        return None


def _read(path: str) -> bytes:
    """The bytes of a file below `/proc`. This takes a third of the time of `Path.read_bytes`, and a look reads one file a process."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123  the same
        return file.read()


def table() -> Mapping[int, Process]:
    """All processes, by id; one that ends while they are read may be missing.

    Raises Unavailable when the system does not list processes.
    """
    if not LINUX:
        from gitorch.world import other_systems  # noqa: PLC0415  see `process`

        return other_systems.table()

    found: dict[int, Process] = {}
    for pid in _pids():
        one = process(pid)
        if one is not None:
            found[pid] = one

    return found


def _pids() -> list[int]:
    """The ids of all processes."""
    return [int(name) for name in os.listdir(PROC) if name.isdigit()]  # noqa: PTH208  a third of the time of `iterdir`


def alive(pid: int, started: str) -> bool:
    """Whether exactly this process still runs; a zombie does not. `started` is as in `Process.started`."""
    one = process(pid)
    if one is None or one.zombie:
        return False

    return one.started == started


def ancestors(pid: int) -> tuple[int, ...]:
    """The process's own id and those of its parents, nearest first, without the first process of the system.

    Ends at a parent that the system does not show, and at one that has ended meanwhile.
    """
    line: list[int] = []
    while pid > 1 and pid not in line:
        one = process(pid)
        if one is None:
            break

        line.append(pid)
        pid = one.parent

    return tuple(line)


def children(everything: Mapping[int, Process]) -> Mapping[int, list[int]]:
    """The ids of the children of each process that has any, zombies included."""
    found: dict[int, list[int]] = {}
    for one in everything.values():
        found.setdefault(one.parent, []).append(one.pid)

    return found


def command(pid: int) -> str:
    """The arguments of a process, separated by blanks; empty where the system does not show them."""
    if not LINUX:
        from gitorch.world import other_systems  # noqa: PLC0415  see `process`

        return other_systems.command(pid)

    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def environment(pid: int, prefix: str = "") -> Mapping[str, str]:
    """The environment that a process was started with, of names that begin with `prefix`; empty where the system does not show it."""
    if not LINUX:
        from gitorch.world import other_systems  # noqa: PLC0415  see `process`

        return other_systems.environment(pid)

    return _variables(pid, prefix)


def _variables(pid: int, prefix: str) -> Mapping[str, str]:
    """The environment of a process as Linux shows it."""
    variables: dict[str, str] = {}
    wanted = prefix.encode()
    for part in _environ(pid).split(b"\0"):
        name, equals, value = part.partition(b"=")
        if equals and part.startswith(wanted):
            variables.setdefault(os.fsdecode(name), os.fsdecode(value))

    return variables


def _environ(pid: int) -> bytes:
    """The raw environment of a process on Linux; empty where it is gone or another user's."""
    try:
        return _read(f"{PROC}/{pid}/environ")
    except OSError:
        return b""


def below(
    roots: Iterable[int], everything: Mapping[int, Process], born: Mapping[int, list[int]] | None = None
) -> set[int]:
    """These processes and all their descendants; `born` are the children of everything, where the caller has them already."""
    if born is None:
        born = children(everything)

    found = {pid for pid in roots if pid in everything}

    return _with_descendants(born, found)


def _with_descendants(born: Mapping[int, list[int]], found: set[int]) -> set[int]:
    """These processes and all their descendants."""
    waiting = list(found)
    while waiting:
        for child in born.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)

    return found


def marked(name: str, value: str) -> set[int]:
    """Processes of this user that were started with this environment variable, even those that left their tree and group."""
    if not LINUX:
        from gitorch.world import other_systems  # noqa: PLC0415  see `process`

        return other_systems.marked(name, value)

    return _marked_on_linux(name, value)


def _marked_on_linux(name: str, value: str) -> set[int]:
    """The processes with this environment variable, as Linux shows them."""
    mark = os.fsencode(f"{name}={value}")
    found: set[int] = set()
    for pid in _pids():
        environ = _environ(pid)
        if mark in environ and mark in environ.split(b"\0"):
            found.add(pid)

    return found


def end(find: Callable[[Mapping[int, Process]], set[int]], clock: Clock, patience_seconds: float = 3.0) -> bool:
    """Ask every process that `find` names to end, then kill the rest; true when nothing of it remains.

    `find` sees a fresh process table each time. A process that was found once is followed, with its descendants, after its
    parent has ended. The caller's own process is spared.
    """
    known: dict[int, str] = {}
    patience_ms = int(patience_seconds * 1000)
    kill_at = clock.now() + patience_ms
    give_up_at = kill_at + 2 * patience_ms
    asked: set[int] = set()
    while True:
        living = _living(find, known)
        if not living:
            return True

        now = clock.now()
        if now > give_up_at:
            return False

        if now > kill_at:
            _kill(living)
        else:
            _ask_to_end(living - asked)
            asked |= living

        _wait_for(known, clock)


def _wait_for(known: Mapping[int, str], clock: Clock) -> None:
    """Wait until all of these have ended, at most a fifth of a second.

    It looks at these alone: a look at the whole table reads every process of the machine.
    """
    for _ in range(10):
        clock.sleep(0.02)
        if not any(alive(pid, started) for pid, started in known.items()):
            return


def _kill(pids: set[int]) -> None:
    """Kill these processes; one that has ended meanwhile is passed over."""
    import signal  # noqa: PLC0415  2 ms that a look does not pay

    for pid in pids:
        _send(pid, signal.SIGKILL)


def _ask_to_end(pids: set[int]) -> None:
    """Terminate, and wake those that are stopped so that they can end."""
    import signal  # noqa: PLC0415  the same

    for pid in pids:
        _send(pid, signal.SIGTERM)
        _send(pid, signal.SIGCONT)


def _living(find: Callable[[Mapping[int, Process]], set[int]], known: dict[int, str]) -> set[int]:
    """The processes that `find` names, those that are `known`, and all below them; `known` gains what was found."""
    everything = table()
    roots = find(everything)
    for pid, started in known.items():
        if pid in everything and everything[pid].started == started:
            roots.add(pid)

    found = below(roots, everything) - {os.getpid()}
    known.update({pid: everything[pid].started for pid in found})
    living: set[int] = set()
    for pid in found:
        if not everything[pid].zombie:
            living.add(pid)

    return living


def _send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, unless it has ended or belongs to another user."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
