"""Small files that several processes share: written whole or not at all, locked by the kernel."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from typing import TYPE_CHECKING, Any

from gitorch.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent, f"{path.name}.*")
    aside = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}.tmp")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def sweep(folder: Path, pattern: str = "*") -> None:
    """Remove what writers of files in this folder left when they were killed: their process is in the name."""
    for aside in folder.glob(f"{pattern}.tmp"):
        writer = aside.name.split(".")[-3:-2]
        if writer and writer[0].isdigit() and not _runs(int(writer[0])):
            aside.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_json(path: Path, value: Any) -> None:
    """Replace a file by a value as JSON."""
    write_whole(path, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "surrogateescape"))


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None where there is no such file or it holds something else."""
    try:
        value = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def append_line(path: Path, line: bytes) -> None:
    """Add one line; lines of several writers never mix (one `write` with O_APPEND)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line + b"\n")
    finally:
        os.close(descriptor)


def lock(path: Path) -> int | None:
    """Take a lock and answer its descriptor, or None where somebody holds it.

    The kernel frees it when the last copy of the descriptor is closed: a holder that was killed holds nothing,
    and a child that inherits the descriptor goes on holding it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def holding(path: Path, wait_seconds: float) -> Iterator[int]:
    """Hold a lock for a block. Raises Busy when it cannot be had within `wait_seconds`."""
    limit = time.monotonic() + wait_seconds
    while (descriptor := lock(path)) is None:
        if time.monotonic() > limit:
            raise Busy(f"another process holds {path.name}")
        time.sleep(0.01)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class LocalFiles:
    """Small files on this machine. Implements `ports.files.Files`."""

    @staticmethod
    def write(path: Path, data: bytes) -> None:
        """Write a file whole, by a temporary name and a rename, making its folder; others may read it."""
        write_whole(path, data, mode=0o644)

    @staticmethod
    def read(path: Path) -> bytes | None:
        """The bytes, or None where there is no such file."""
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    @staticmethod
    def inside(root: Path, path: str, bytes_max: int) -> bytes | None:
        """The bytes of a regular file below a folder, reached without following any link; None where there is none."""
        from gitorch.world.safe_reading import read_inside  # noqa: PLC0415  only what publishes pays for it

        return read_inside(root, path, bytes_max)

    @staticmethod
    def remove(path: Path) -> None:
        """Remove a file, and the folders above it that are empty then."""
        path.unlink(missing_ok=True)
        sweep(path.parent, f"{path.name}.*")
        for folder in path.parents:
            try:
                folder.rmdir()
            except OSError:
                return
