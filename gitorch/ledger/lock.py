"""Named locks of a repository, shared by all its worktrees and by every process on this host.

They are flock(2) on files that are never removed, so the kernel frees them however their holder dies.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Usage
from gitorch.ledger.files import ASIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUEUE_POLL_SECONDS, TURN_POLL_SECONDS = 0.002, 0.0005
"""How often those in the queue ask, and how often the one at its head. filelock's usual 50 ms starve: of two writers one
got 1 append in while the other got 1,368."""

STALE_SECONDS = 3.0
"""A lock file of git's that is older than this while we hold our own lock belongs to nobody who is still alive."""


def folder(common: Path) -> Path:
    """Our own folder in the git directory, made when it is missing."""
    own = common / "gitorch"
    own.mkdir(exist_ok=True)
    return own


def _nothing() -> None:
    """What most do while they wait."""


@contextmanager
def hold(common: Path, name: str, wait_seconds: float, meanwhile: Callable[[], object] = _nothing) -> Iterator[None]:
    """Hold the lock while the block runs. Not reentrant. Raises Busy when it stays held elsewhere for so long.

    Who waits holds the queue's lock meanwhile, and everybody who means to wait goes through the queue: a process that
    takes the lock in a loop cannot overtake the one at the head of it. Whoever stands there does `meanwhile`, once, if it has
    to wait: what can be done before its turn is not done while all others wait.
    """
    if not re.fullmatch("[a-z0-9][a-z0-9._-]*", name):
        raise Usage(f"{name!r} is no name for a lock.")
    own = folder(common)
    with ExitStack() as held:
        if wait_seconds:
            with _taken(own / f"{name}.queue", name, wait_seconds, QUEUE_POLL_SECONDS):
                held.enter_context(_taken(own / f"{name}.lock", name, wait_seconds, TURN_POLL_SECONDS, meanwhile))
        else:
            held.enter_context(_taken(own / f"{name}.lock", name, 0.0, 0.0))
        yield


@contextmanager
def _taken(
    path: Path, name: str, wait_seconds: float, poll_seconds: float, meanwhile: Callable[[], object] = _nothing
) -> Iterator[None]:
    """flock(2) at once where it is free, else by filelock, which waits with a limit.

    They are the same lock: filelock calls flock on the same file. Importing it costs 16 ms, so it waits for when we wait.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
    else:
        try:
            yield
        finally:
            os.close(descriptor)
        return
    if not wait_seconds:
        raise _busy(name, wait_seconds)
    from filelock import FileLock, Timeout  # noqa: PLC0415  # 16 ms of a cold verb's 80

    meanwhile()
    lock = FileLock(path, timeout=wait_seconds, poll_interval=poll_seconds, mode=0o644)
    try:
        lock.acquire()
    except Timeout as error:
        raise _busy(name, wait_seconds) from error
    try:
        yield
    finally:
        lock.release()


def _busy(name: str, wait_seconds: float) -> Busy:
    return Busy(f"Another process holds the lock {name} (waited {wait_seconds:g} s).", hint="try again")


def clear_stale(common: Path, ref: str) -> bool:
    """Remove a lock that a killed process left on the ref. To be called with the ledger's own lock held.

    That is the proof: every gitorch that moves the ref holds the ledger's lock, and no git holds a ref for seconds. Age is
    measured by the file system's own clock. The file is moved aside before it is judged, so that a live lock which takes
    its place in between is never lost.
    """
    path, aside = common / f"{ref}.lock", folder(common) / "stale-ref.lock"
    try:
        if _now(common) - path.stat().st_mtime < STALE_SECONDS:
            return False
        path.rename(aside)
    except FileNotFoundError:
        return False
    young = _now(common) - aside.stat().st_mtime < STALE_SECONDS
    if young and not path.exists():
        aside.rename(path)
        return False
    aside.unlink()
    return True


def clear_temporary(common: Path, prefix: str) -> int:
    """Remove files that a killed writer did not finish: objects, and small files of our own. Answers how many.

    With the ledger's lock held. Small files are written without it by readers; one that is cut short by this is a cache.
    """
    own = folder(common)
    return sum(
        (
            _clear(common, common / "objects", prefix, ""),
            _clear(common, own, "", ASIDE),
            _clear(common, own / "cache", "", ASIDE),
        )
    )


def _clear(common: Path, where: Path, prefix: str, suffix: str) -> int:
    now, removed = _now(common), 0
    with suppress(FileNotFoundError), os.scandir(where) as entries:
        for entry in entries:
            ours = entry.name.startswith(prefix) and entry.name.endswith(suffix)
            if ours and now - entry.stat().st_mtime > STALE_SECONDS:
                os.unlink(entry.path)  # noqa: PTH108  # a DirEntry, no Path
                removed += 1
    return removed


def _now(common: Path) -> float:
    """The file system's clock, which may be another than ours."""
    probe = folder(common) / "now"
    probe.touch()
    return probe.stat().st_mtime
