"""A file that others append lines to, read as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.world.files import read_regular

if TYPE_CHECKING:
    from pathlib import Path


class GrowingFile:
    """The lines that were added to a file since the last call. One that was cut off is read from its beginning."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._read = 0

    def added(self) -> bytes:
        """The whole lines that were added; of an addition of more than `bytes_max` bytes only the end."""
        size = self._size()
        if size == self._read:
            return b""

        start = self._read
        if size < start:
            start = 0

        start = max(start, size - self._bytes_max)
        data = read_regular(self._path, size - start, start)
        if data is None:
            self._read = size
            return b""

        whole = data.rfind(b"\n") + 1
        self._read = start + whole
        return data[:whole]

    def _size(self) -> int:
        """Its present size; 0 where there is none."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0
