"""Files that somebody named in a command."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitorch.errors import NotFound
from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from pathlib import Path


def read_bytes(path: Path, name: str = "") -> bytes:
    """The bytes of a file that somebody named; messages call it `name`.

    Raises NotFound where it cannot be read, with the system's reason, and a hint that lists the nearest folder that exists.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "no such file").lower()
        raise NotFound(f"{name or path} cannot be read: {reason}", list_folder(path)) from error


def list_folder(path: Path) -> str:
    """A command that lists the nearest folder above a path that exists."""
    # Path.exists raises for a name that is too long.
    folder = next(folder for folder in path.parents if os.path.exists(folder))  # noqa: PTH110  see above
    return f"ls {shell_word(folder)}"
