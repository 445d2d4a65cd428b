"""Writing a file's data out to its device without syncing it, so that one later sync makes many files durable.

This is how git's `core.fsyncMethod=batch` works: each file is written out, and one sync of one more file then flushes the
device and commits the file system's journal, which holds the metadata of all of them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

_WAIT_BEFORE, _WRITE, _WAIT_AFTER = 1, 2, 4
"""The flags of sync_file_range(2)."""


def write_out(descriptor: int) -> bool:
    """Write the data of an open file to its device and wait for that. False where the system cannot do that."""
    call = _sync_file_range()
    if call is None:
        return False
    import ctypes  # noqa: PLC0415  1.4 ms that reading verbs do not pay

    whole_file = (ctypes.c_longlong(0), ctypes.c_longlong(0))
    return bool(call(descriptor, *whole_file, _WAIT_BEFORE | _WRITE | _WAIT_AFTER) == 0)


@cache
def _sync_file_range() -> ctypes._NamedFuncPointer | None:
    """The C library's sync_file_range(2), or None where it has none, as on macOS."""
    import ctypes  # noqa: PLC0415  the same

    try:
        return ctypes.CDLL(None).sync_file_range
    except (OSError, AttributeError):
        return None
