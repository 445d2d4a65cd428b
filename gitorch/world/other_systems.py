"""Processes of systems without `/proc`, such as macOS, through psutil. `processes` calls it there; Linux only tests it."""

from __future__ import annotations

import os

import psutil

from gitorch.errors import Unavailable
from gitorch.world.process import Process


def process(pid: int) -> Process | None:
    """One living or unreaped process; None when there is none, or the system does not show it."""
    try:
        return _process(psutil.Process(pid))
    except psutil.Error:
        return None


def _process(one: psutil.Process) -> Process:
    """Read one process. Raises psutil's errors when it has ended.

    `oneshot` lets psutil ask the system once for all fields. A zombie has no memory, and asking for it fails.
    """
    with one.oneshot():
        zombie: bool = one.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
        parent: int = one.ppid()
        created: float = one.create_time()
        resident = 0
        if not zombie:
            resident = _resident(one)

    return Process(
        one.pid,
        parent,
        _group(one.pid),
        f"{created:.2f}",
        zombie,
        resident,
    )


def _resident(one: psutil.Process) -> int:
    """Its resident memory in bytes; 0 when the system does not show it."""
    try:
        resident: int = one.memory_info().rss
    except psutil.AccessDenied:  # another user's, on macOS
        return 0
    return resident


def _group(pid: int) -> int:
    """The id of its process group; 0 when it has ended or the system does not show it."""
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return 0


def table() -> dict[int, Process]:
    """All processes, by id, without those that the system does not show or that end meanwhile.

    Raises Unavailable when the system does not list processes at all.
    """
    found: dict[int, Process] = {}
    try:
        for one in psutil.process_iter():
            try:
                found[one.pid] = _process(one)
            except psutil.Error:
                continue
    except (psutil.Error, OSError) as error:
        raise Unavailable(f"the processes cannot be listed: {error}", hint="gitorch doctor") from error
    return found


def command(pid: int) -> str:
    """The arguments of a process, separated by blanks; empty when it has ended or the system does not show them."""
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def environment(pid: int) -> dict[str, str]:
    """The environment that a process was started with; empty where the system does not show it."""
    try:
        return dict(psutil.Process(pid).environ())
    except (psutil.Error, OSError):
        return {}


def marked(name: str, value: str) -> set[int]:
    """Processes of this user that were started with this environment variable.

    The system shows the environment of no other user's processes.
    """
    found = set()
    for pid in psutil.pids():
        if environment(pid).get(name) == value:
            found.add(pid)
    return found
