"""Outbox entries and answers in a worktree. Implements `ports.files.Outboxes`.

An agent can plant links in its worktree that lead elsewhere. So each folder is opened by its descriptor from the worktree
down, never through a link, and every name is used relative to an open folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING

from gitorch.model.ids import Digest
from gitorch.ports.files import PendingEntry
from gitorch.text.outbox_entry import BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACE = (".gitorch", "outbox")
ENTRY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\.json")
ENTRIES_MAX = 50
"""Entries read at once: an agent that posts in a loop must not delay all other agents."""


class WorktreeOutboxes:
    """Outboxes in the file system of this machine."""

    def post(self, worktree: Path, name: str, data: bytes) -> None:
        """Post an outbox entry, whole or not at all. Raises OSError.

        Only this user may read it, since it holds the session's token.
        """
        (worktree / PLACE[0]).mkdir(exist_ok=True)
        (worktree / PLACE[0] / PLACE[1]).mkdir(exist_ok=True)
        with _opened(worktree) as folder:
            _write(folder, name, data, 0o600)

    def waiting(self, worktree: Path) -> tuple[PendingEntry, ...]:
        """The unanswered outbox entries, oldest first; of a large entry only its beginning."""
        found = []
        try:
            with _opened(worktree) as folder:
                names = [name for name in os.listdir(folder) if ENTRY.fullmatch(name)]  # noqa: PTH208  # by descriptor
                for name in names[:ENTRIES_MAX]:
                    entry = _read(folder, name)
                    if entry is not None:
                        found.append(entry)
        except OSError:
            return ()
        return tuple(_pending(name, data, modified) for modified, name, data in sorted(found))

    def answer(self, worktree: Path, name: str, data: bytes) -> None:
        """Write the answer beside an outbox entry, then remove the entry. Raises OSError."""
        with _opened(worktree) as folder:
            _write(folder, _answer_name(name), data, 0o644)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)  # by descriptor

    def answered(self, worktree: Path, name: str) -> bytes | None:
        """The answer to an outbox entry; None until there is one."""
        try:
            with _opened(worktree) as folder:
                found = _read(folder, _answer_name(name))
        except OSError:
            return None
        if found is None:
            return None
        return found[2]


def _answer_name(name: str) -> str:
    return f"{name.removesuffix('.json')}.answer"


@contextlib.contextmanager
def _opened(worktree: Path) -> Iterator[int]:
    """The outbox as a descriptor. Raises OSError when there is none, or when a link takes its place."""
    folder = os.open(worktree, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in PLACE:
            inside = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inside
        yield folder
    finally:
        os.close(folder)


def _read(folder: int, name: str) -> tuple[int, str, bytes] | None:
    """A file's modification time, its name and its beginning; None for anything but a regular file."""
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):  # a folder would raise below, and hide every other entry
        os.close(file)
        return None
    with os.fdopen(file, "rb") as opened:
        return status.st_mtime_ns, name, opened.read(BYTES_MAX + 1)


def _write(folder: int, name: str, data: bytes, mode: int) -> None:
    """Write a whole file in one step, under a temporary name that no other writer uses."""
    temporary = f".{name}.{os.getpid()}.tmp"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=folder)  # by descriptor
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode, dir_fd=folder)
    with os.fdopen(file, "wb") as opened:
        opened.write(data)
    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)  # by descriptor


def _pending(name: str, data: bytes, modified: int) -> PendingEntry:
    content = b"%s\0%d\0%s" % (os.fsencode(name), modified, data)
    return PendingEntry(name, data, Digest(f"sha256:{hashlib.sha256(content).hexdigest()}"))
