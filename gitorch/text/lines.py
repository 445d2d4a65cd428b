"""A stream of bytes, cut into lines of a limited length."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_BYTES_MAX = 4_000_000
"""Of one message. A longer line is dropped while it comes in, and its reader learns of it."""


class Lines:
    """Cuts a stream of bytes into lines. A line beyond the limit is not kept: None stands for it, once."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """The lines that these bytes complete, in order."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._keep(end)
            yield self._line()

        self._keep(rest)

    def rest(self) -> Iterator[bytes | None]:
        """The last line, where the stream ended without a line feed."""
        if self._kept or self._dropping:
            yield self._line()

    def _keep(self, part: bytes) -> None:
        if len(self._kept) + len(part) > LINE_BYTES_MAX:
            self._dropping = True

        if self._dropping:
            self._kept.clear()
            return

        self._kept += part

    def _line(self) -> bytes | None:
        """The line that has ended; None for one that was dropped."""
        line: bytes | None = bytes(self._kept)
        if self._dropping:
            line = None

        self._kept.clear()
        self._dropping = False
        return line
