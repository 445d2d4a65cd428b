"""Making files durable, with as few flushes of the device as the file system allows.

Where the file system keeps one journal in order, one sync at the end is enough for any number of files: each file's data is
written out to the device before the file gets its name, and the sync of the last folder flushes the device and commits the
journal, in which all of the names stand in the order of the renames. This is how git's `core.fsyncMethod=batch` works.
Everywhere else each file and each folder is synced by itself.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

MOUNTS, SYSTEM = Path("/proc/self/mountinfo"), Path("/sys")
"""Every mount that this process sees, each with its device and after ` - ` its file system; and what the kernel tells of these."""

_WAIT_BEFORE, _WRITE, _WAIT_AFTER = 1, 2, 4
"""The flags of sync_file_range(2)."""


def write_back(descriptor: int, has_journal: bool) -> None:
    """Make an open file durable: with the next `sync` of anything where `has_one_journal` is true of its folder, else at once."""
    if not (has_journal and _write_out(descriptor)):
        os.fsync(descriptor)


def sync(path: str) -> None:
    """Make a file or a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@cache
def has_one_journal(folder: str) -> bool:
    """Whether one sync makes everything before it durable: the file system keeps all metadata in one journal, in order.

    xfs does, and ext4 unless it was made without a journal, as on many virtual machines. btrfs logs each synced file by
    itself, and an unknown file system counts as btrfs. An append syncs once instead of 16 times.
    """
    device = os.stat(folder).st_dev  # noqa: PTH116  # a str
    number = f"{os.major(device)}:{os.minor(device)}"
    kinds = _file_systems(number)
    if kinds == {"ext4"}:
        return _has_journal(number)
    return kinds == {"xfs"}


def _file_systems(number: str) -> set[str]:
    """The kinds of file systems that are mounted from a device; none where the list cannot be read."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()

    kinds = set()
    for line in mounts:
        if line.split(" ")[2] == number:
            kinds.add(line.partition(" - ")[2].split(" ")[0])
    return kinds


def _has_journal(number: str) -> bool:
    """Whether the kernel names the task that keeps the journal of an ext4; false where it tells nothing."""
    try:
        device = (SYSTEM / "dev" / "block" / number).resolve(strict=True).name
        task = (SYSTEM / "fs" / "ext4" / device / "journal_task").read_text(encoding="ascii")
    except (OSError, ValueError):
        return False
    return task.strip().isdigit()


def _write_out(descriptor: int) -> bool:
    """Write the data of an open file to its device and wait for that. False where the system cannot do that."""
    call = _sync_file_range()
    if call is None:
        return False
    import ctypes  # noqa: PLC0415  1.4 ms that reading verbs do not pay

    whole_file = (ctypes.c_longlong(0), ctypes.c_longlong(0))
    return bool(call(descriptor, *whole_file, _WAIT_BEFORE | _WRITE | _WAIT_AFTER) == 0)


@cache
def _sync_file_range() -> ctypes._NamedFuncPointer | None:
    """The C library's sync_file_range(2), or None where it has none, as on macOS."""
    import ctypes  # noqa: PLC0415  the same

    try:
        return ctypes.CDLL(None).sync_file_range
    except (OSError, AttributeError):
        return None
