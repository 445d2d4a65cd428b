"""Reading files in an agent's worktree without following links, so that no path leads outside of it."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from gitorch.errors import Refused
from gitorch.rules.scope.paths import collision
from gitorch.world.system_names import system_name

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


def whole(path: Path, bytes_max: int = -1) -> bytes:
    """The bytes of a regular file, or the first `bytes_max` of them. Links are followed.

    Raises OSError for anything else: a named pipe in the place of a file of git's never holds the reader up.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
        return file.read(bytes_max)


def read_inside(root: Path, path: str, bytes_max: int) -> bytes | None:
    """The bytes of the file; None when the file, a folder of its path or the root does not exist.

    `path` is relative to `root`, with slashes, and without `.` or `..` among its parts.
    Each part of the path is opened relative to the open folder before it, so nobody can replace a part meanwhile.

    The message of Refused is a predicate, to which the caller adds the path:
    Raises Refused for a link in the path, and for anything but a regular file at its end.
    Raises Refused for a file in another repository inside the worktree.
    Raises Refused for a name that some file systems cannot tell from one beside it.
    Raises Refused for a file of more than `bytes_max` bytes.
    """
    *folders, name = system_name(path).split("/")
    try:
        here = os.open(root, FOLDER)
    except FileNotFoundError:  # the session is starting, and its worktree does not exist yet
        return None
    try:
        for part in folders:
            _refuse_collision(here, part)
            below = _opened(part, FOLDER, here)
            if below is None:
                return None
            os.close(here)
            here = below
            if ".git" in _names(here):
                raise Refused("lies in another repository inside the worktree")
        _refuse_collision(here, name)
        return _contents(here, name, bytes_max)
    finally:
        os.close(here)


def _opened(name: str, flags: int, here: int) -> int | None:
    """A descriptor of one entry of the open folder `here`; None when there is none. Raises Refused for a link."""
    try:
        return os.open(name, flags, dir_fd=here)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise Refused(f"goes through {name}, which is a link or no folder") from None
        raise Refused(f"cannot be read: {error.strerror}") from None


def _contents(here: int, name: str, bytes_max: int) -> bytes | None:
    """The bytes of a file in the open folder `here`; None when there is none. Raises Refused."""
    opened = _opened(name, FILE, here)
    if opened is None:
        return None
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise Refused("is no regular file")
    with os.fdopen(opened, "rb") as file:
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise Refused(f"is larger than {bytes_max:,} bytes")
    return data


def _refuse_collision(here: int, name: str) -> None:
    """Raise Refused for a name that differs from another one of the open folder only by case or Unicode form."""
    if other := collision(name, _names(here)):
        raise Refused(f"has the same name as {other} on file systems that ignore case or accents")


def _names(here: int) -> tuple[str, ...]:
    with os.scandir(here) as entries:
        return tuple(entry.name for entry in entries)
