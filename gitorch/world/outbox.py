"""Outbox entries and answers in a worktree. Implements `ports.files.Outboxes`.

An agent owns everything in its worktree, and may put links there that lead elsewhere: folders are opened one by one from
the worktree down and never through a link, and every name is used relative to the folder that was opened.
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
"""How many outbox entries are looked at in one go: an agent that loops must not keep everybody else waiting."""


class WorktreeOutboxes:
    """Outboxes on this machine's files."""

    def post(self, worktree: Path, name: str, data: bytes) -> None:
        """Leave an outbox entry, whole or not at all; nobody but this user may read the token in it. Raises OSError."""
        (worktree / PLACE[0]).mkdir(exist_ok=True)
        (worktree / PLACE[0] / PLACE[1]).mkdir(exist_ok=True)
        with _opened(worktree) as folder:
            _write(folder, name, data, 0o600)

    def waiting(self, worktree: Path) -> tuple[PendingEntry, ...]:
        """The outbox entries that nobody answered, oldest first; of a large one only its beginning."""
        try:
            with _opened(worktree) as folder:
                names = [name for name in os.listdir(folder) if ENTRY.fullmatch(name)]  # noqa: PTH208  # by descriptor
                found = [one for name in names[:ENTRIES_MAX] if (one := _read(folder, name)) is not None]
        except OSError:
            return ()
        return tuple(_posted(name, data, moment) for moment, name, data in sorted(found))

    def answer(self, worktree: Path, name: str, data: bytes) -> None:
        """Write the answer beside an outbox entry, then take the outbox entry away. Raises OSError where the folder cannot be written."""
        with _opened(worktree) as folder:
            _write(folder, _answer_name(name), data, 0o644)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)  # by descriptor

    def answered(self, worktree: Path, name: str) -> bytes | None:
        """The answer to an outbox entry, once it is there."""
        try:
            with _opened(worktree) as folder:
                found = _read(folder, _answer_name(name))
        except OSError:
            return None
        return None if found is None else found[2]


def _answer_name(name: str) -> str:
    return f"{name.removesuffix('.json')}.answer"


@contextlib.contextmanager
def _opened(worktree: Path) -> Iterator[int]:
    """The outbox as a descriptor. Raises OSError where there is none, or a link stands in its place."""
    folder = os.open(worktree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in PLACE:
            inside = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inside
        yield folder
    finally:
        os.close(folder)


def _read(folder: int, name: str) -> tuple[int, str, bytes] | None:
    """When a file was left, its name and its beginning; None for what is no plain file."""
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    with os.fdopen(file, "rb") as opened:
        about = os.fstat(file)
        return (about.st_mtime_ns, name, opened.read(BYTES_MAX + 1)) if stat.S_ISREG(about.st_mode) else None


def _write(folder: int, name: str, data: bytes, mode: int) -> None:
    """A whole file in one step, by a name beside it that no other writer uses."""
    aside = f".{name}.{os.getpid()}.tmp"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(aside, dir_fd=folder)  # by descriptor
    file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder)
    with os.fdopen(file, "wb") as opened:
        opened.write(data)
    os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)  # by descriptor


def _posted(name: str, data: bytes, moment: int) -> PendingEntry:
    whole = b"%s\0%d\0%s" % (name.encode(), moment, data)
    return PendingEntry(name, data, Digest(f"sha256:{hashlib.sha256(whole).hexdigest()}"))
