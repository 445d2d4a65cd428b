"""A ref's own file, moved as git moves it: with the lock `<ref>.lock` held, by a file that is synced and then renamed.

dulwich does the same; importing what it needs for that costs a verb 0.2 × the import of click.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def move(path: str, new: str, is_unmoved: Callable[[], bool]) -> bool:
    """Make the ref hold the commit `new`; false where another process moves it now, or `is_unmoved` says that one has.

    `is_unmoved` is asked with the lock held. The folder of the ref is made, and is not synced.
    Raises FileExistsError, NotADirectoryError or IsADirectoryError where another ref takes this name or that of its folder.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120  a str, as the ledger's other hot paths are
    lock = f"{path}.lock"
    try:
        descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False

    try:
        with os.fdopen(descriptor, "wb") as file:
            if not is_unmoved():
                return False
            file.write(f"{new}\n".encode())
            file.flush()
            os.fsync(descriptor)
        os.replace(lock, path)  # noqa: PTH105  the same
        lock = ""
    finally:
        if lock:
            with suppress(FileNotFoundError):
                os.unlink(lock)  # noqa: PTH108  the same
    return True
