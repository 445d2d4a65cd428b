"""Which process holds one of gitorch's own locks, as the kernel shows it; nothing where the system has no `/proc`."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
_COMMAND_MAX = 80
_STARTED_AT = 19
"""Where the time of its start is among the fields that follow the name of a process in `/proc/PID/stat`."""


class LockOwner(NamedTuple):
    """A process that holds a lock."""

    pid: int
    command: str
    """Its words, at most 80 characters; empty for a process of another user that hides them."""
    seconds: int
    """How long ago it began."""

    @property
    def clause(self) -> str:
        """`process 4242 (gitorch up), which began 12 s ago`."""
        words = ""
        if self.command:
            words = f" ({self.command})"
        return f"process {self.pid}{words}, which began {self.seconds} s ago"


def owner(path: Path) -> LockOwner | None:
    """The process that holds flock(2) on this file; None where the kernel shows none, or none of this machine's own."""
    with suppress(OSError, ValueError, IndexError):
        inode = path.stat().st_ino
        for line in (PROC / "locks").read_text(encoding="ascii").splitlines():
            fields = line.split()
            if fields[1] == "FLOCK" and fields[5].endswith(f":{inode}") and int(fields[4]) > 0:
                return _described(int(fields[4]))

    return None


def _described(pid: int) -> LockOwner:
    """A process with its command and its age. Raises OSError where it has just ended, ValueError, IndexError."""
    folder = PROC / str(pid)
    words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")
    fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    up_seconds = float((PROC / "uptime").read_text(encoding="ascii").split()[0])
    began_seconds = int(fields[_STARTED_AT]) / os.sysconf("SC_CLK_TCK")

    printable = "".join(filter(str.isprintable, words)).strip()
    return LockOwner(pid, printable[:_COMMAND_MAX], max(0, int(up_seconds - began_seconds)))
