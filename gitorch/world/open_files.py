"""Which processes have a file open, or work in a folder, as the kernel shows them. Nothing where the system has no `/proc`."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from gitorch.world.processes import PROC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def holders(path: Path) -> tuple[int, ...]:
    """The processes that have exactly this file open, by id. Those of other users are out of sight, unless for root."""
    wanted = str(path.resolve())
    found: list[int] = []
    for pid in _pids():
        if wanted in open_paths(pid):
            found.append(pid)
    return tuple(sorted(found))


def inhabitants(folder: Path) -> tuple[int, ...]:
    """The processes whose working directory is this folder or one below it, by id."""
    root = str(folder.resolve())
    found: list[int] = []
    for pid in _pids():
        place = _target(f"{PROC}/{pid}/cwd")
        if place == root or place.startswith(f"{root}/"):
            found.append(pid)
    return tuple(sorted(found))


def open_paths(pid: int) -> frozenset[str]:
    """The paths of everything that a process has open; empty where it is gone or another user's."""
    folder = f"{PROC}/{pid}/fd"
    with contextlib.suppress(OSError):
        return frozenset(_target(f"{folder}/{name}") for name in os.listdir(folder))  # noqa: PTH208  a third of `iterdir`
    return frozenset()


def open_locks(pids: Iterable[int]) -> dict[str, int]:
    """The lock files that these processes have open: the path of each with its inode."""
    found: dict[str, int] = {}
    for pid in pids:
        for path in open_paths(pid):
            if path.endswith(".lock"):
                with contextlib.suppress(OSError):
                    found[path] = os.stat(path).st_ino  # noqa: PTH116  a path from the kernel, as text
    return found


def _target(link: str) -> str:
    """What a link of `/proc` points to; empty where it cannot be read."""
    try:
        return os.readlink(link)  # noqa: PTH115  some thousand calls
    except OSError:
        return ""


def _pids() -> Iterator[int]:
    """The ids of all processes; none without `/proc`."""
    with contextlib.suppress(OSError):
        for name in os.listdir(PROC):  # noqa: PTH208  a third of the time of `iterdir`
            if name.isdigit():
                yield int(name)
