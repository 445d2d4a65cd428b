"""Named locks of a repository, shared by all its worktrees and by every process on this host.

They are flock(2) on files that are never removed, so the kernel frees them however their holder dies. On a file system
without flock they are filelock's soft locks.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Unavailable, Usage
from gitorch.ledger.files import TEMPORARY_SUFFIX
from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STALE_SECONDS = 3.0
"""A lock file of git's that is older than this while we hold our own lock belongs to a process that has died."""

_WITHOUT_FLOCK = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
"""What flock(2) says on a file system that has no such locks."""

_OBSTACLES = frozenset({errno.EISDIR, errno.ELOOP, errno.ENOENT, errno.ENOTDIR})
"""What opening a file says where a folder has its name, or a link to itself or to nothing."""


def folder(common: Path) -> Path:
    """Our own folder in the git directory, made when it is missing. Raises Unavailable where a file has its name."""
    own = common / "gitorch"
    try:
        own.mkdir(exist_ok=True)
    except FileExistsError as error:
        raise _in_the_way(own) from error
    return own


def _in_the_way(path: Path) -> Unavailable:
    """The error for a file where a folder must be, or a folder where a file must be. The hint moves it aside, as it may be wanted."""
    hint = f"mv {shell_word(path)} {shell_word(f'{path}.aside')}"
    return Unavailable(f"{path} is in the way: gitorch needs this name for itself.", hint=hint)


def _nothing() -> None:
    """Do nothing while waiting."""


@contextmanager
def hold(common: Path, name: str, wait_seconds: float, meanwhile: Callable[[], object] = _nothing) -> Iterator[None]:
    """Hold the lock while the block runs. Not reentrant. Raises Busy when another process holds it for `wait_seconds`.

    A waiting process holds a second lock, the queue's, and every process that waits goes through the queue. So a process
    that takes the lock in a loop cannot overtake the one at the head of the queue. That one calls `meanwhile` once if it
    has to wait: work that can be done before its turn does not keep the others waiting.
    """
    if not re.fullmatch("[a-z0-9][a-z0-9._-]*", name):
        raise Usage(
            f"{name!r} cannot be the name of a lock: only a-z, 0-9, `.`, `_` and `-`, the first a letter or a digit."
        )

    own = folder(common)
    with ExitStack() as held:
        if wait_seconds:
            with _flock(own / f"{name}.queue", name, wait_seconds):
                held.enter_context(_flock(own / f"{name}.lock", name, wait_seconds, meanwhile))
        else:
            held.enter_context(_flock(own / f"{name}.lock", name, 0.0))
        yield


@contextmanager
def _flock(path: Path, name: str, wait_seconds: float, meanwhile: Callable[[], object] = _nothing) -> Iterator[None]:
    """Take flock(2) at once where it is free; else call `meanwhile` and sleep until the kernel gives it."""
    descriptor = _opened(path)
    is_taken = _take(descriptor)
    if is_taken is None:
        os.close(descriptor)
        with _soft_lock(path, name, wait_seconds):
            yield
        return

    if not is_taken:
        os.close(descriptor)
        descriptor = _awaited(path, name, wait_seconds, meanwhile)
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _soft_lock(path: Path, name: str, wait_seconds: float) -> Iterator[None]:
    """A lock by a file's existence, on a file system without flock, such as some of networks. Raises Busy where it stayed held."""
    from filelock import SoftFileLock, Timeout  # noqa: PLC0415  # 16 ms, for such file systems alone

    soft = SoftFileLock(f"{path}.held", timeout=wait_seconds)
    try:
        soft.acquire()
    except Timeout:
        raise _busy(path, name, wait_seconds) from None
    try:
        yield
    finally:
        soft.release()


def _take(descriptor: int) -> bool | None:
    """Take flock(2) on an open file where nobody holds it; None where the file system has no such lock. Raises OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _WITHOUT_FLOCK:
            return None
        raise
    return True


def _awaited(path: Path, name: str, wait_seconds: float, meanwhile: Callable[[], object]) -> int:
    """The open file of a lock that was just held elsewhere, with the lock. Raises Busy where it stayed held for that time."""
    deadline = time.monotonic() + wait_seconds
    if wait_seconds:
        meanwhile()
        descriptor = _opened(path)
        if _take(descriptor) or _take_within(descriptor, deadline - time.monotonic()):
            return descriptor
    raise _busy(path, name, wait_seconds)


def _take_within(descriptor: int, seconds: float) -> bool:
    """Sleep until the kernel gives flock(2) on an open file; false when the time is over.

    flock has no time limit, so a thread waits in it. When the time is over, the thread keeps the file: it waits on, closes the file
    once it has the lock, and ends.
    """
    is_given, is_decided = threading.Event(), threading.Lock()

    def wait() -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if is_decided.acquire(blocking=False):
            is_given.set()
        else:
            os.close(descriptor)

    threading.Thread(target=wait, daemon=True).start()
    try:
        if is_given.wait(max(0.0, seconds)):
            return True
        return not is_decided.acquire(blocking=False)  # the lock may be given in this very moment
    except BaseException:  # such as the user's Ctrl-C
        if not is_decided.acquire(blocking=False):
            os.close(descriptor)
        raise


def _opened(path: Path) -> int:
    """The file of a lock, made when it is missing. Raises Unavailable where anything but a file has its name, OSError."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        if error.errno in _OBSTACLES:
            raise _in_the_way(path) from error
        raise


def _busy(path: Path, name: str, wait_seconds: float) -> Busy:
    """The error for a lock that stayed held elsewhere, with its owner where the kernel knows one."""
    from gitorch.ledger.lock_owner import owner  # noqa: PLC0415  # for errors only

    message = f"Another process holds the lock {name} (waited {wait_seconds:g} s)"
    found = owner(path)
    if found is None:
        return Busy(f"{message}.", hint="try again")
    return Busy(f"{message}: {found.clause}.", hint=f"ps -fp {found.pid}", where=found.clause)


def clear_stale(common: Path, ref: str) -> bool:
    """Remove a lock that a killed process left on the ref. Call it with the ledger's own lock held.

    Holding it is the proof: every gitorch that moves the ref holds the ledger's lock, and no git holds a ref for seconds.
    Age is measured by the file system's own clock. The file is renamed before its age is decided, so that a live lock which
    takes its place in between is never lost.
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
    """Remove files that a killed writer did not finish: objects, and small files of our own. Returns how many.

    Call it with the ledger's lock held. Readers write cache files without the lock, and can lose one to this.
    """
    own = folder(common)
    removed = _clear(common, common / "objects", prefix, "")
    removed += _clear(common, own, "", TEMPORARY_SUFFIX)
    removed += _clear(common, own / "cache", "", TEMPORARY_SUFFIX)
    return removed


def _clear(common: Path, where: Path, prefix: str, suffix: str) -> int:
    """Remove old files with such names from a folder. Returns how many."""
    now, removed = _now(common), 0
    with suppress(FileNotFoundError), os.scandir(where) as entries:
        for entry in entries:
            is_ours = entry.name.startswith(prefix) and entry.name.endswith(suffix)
            if is_ours and now - entry.stat().st_mtime > STALE_SECONDS:
                os.unlink(entry.path)  # noqa: PTH108  # a DirEntry, no Path
                removed += 1

    return removed


def _now(common: Path) -> float:
    """The time by the file system's clock, which can differ from ours."""
    probe = folder(common) / "now"
    descriptor = _opened(probe)
    try:
        os.utime(descriptor)
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
