"""What a small file of git's says, read anew only when the file has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")


class KnownFile(Generic[T]):
    """One file, and what `parse` made of its bytes when they were last read.

    A file counts as the same while its inode, its size and its times are; nobody can set the time of its last change.
    """

    def __init__(self, path: Path, parse: Callable[[bytes], T]) -> None:
        self._path, self._parse = path, parse
        self._known: tuple[object, T] | None = None

    def content(self) -> T:
        """What the file says now. Raises OSError where it is missing or no regular file."""
        stat = self._path.stat()
        version = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)
        if self._known is None or self._known[0] != version:
            self._known = (version, self._parse(whole(self._path)))
        return self._known[1]
