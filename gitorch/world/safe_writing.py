"""Writing files into folders that an agent may write too, without ever following a link that it planted there.

Each folder is opened relative to the open one above it, so that nobody can swap it between two steps. Whatever stands in the
way is moved aside or, where it is a link, removed.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def write_inside(root: Path, path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file below a folder in one step, and make the folders on the way to it; `path` is below `root`.

    Links above and at `root` are followed: no agent can plant them there. Other files and folders in the way are renamed.
    Raises OSError when the file cannot be written; the old one is unchanged then.
    """
    *folders, name = path.relative_to(root).parts
    root.mkdir(parents=True, exist_ok=True)
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            below = _open_folder(part, here)
            os.close(here)
            here = below
        _replace(name, here, data, mode)
    finally:
        os.close(here)


def _open_folder(name: str, here: int) -> int:
    """A folder in the open folder `here`, made where there is none."""
    try:
        return os.open(name, FOLDER, dir_fd=here)
    except FileNotFoundError:
        pass
    except OSError:
        _clear(name, here)

    with suppress(FileExistsError):  # another process of gitorch was faster
        os.mkdir(name, dir_fd=here)  # by descriptor
    return os.open(name, FOLDER, dir_fd=here)


def _replace(name: str, here: int, data: bytes, mode: int) -> None:
    """Write a file in the open folder `here` under a temporary name, and give it its own."""
    temporary = f"{name}.{os.getpid()}.{time.monotonic_ns()}.tmp"
    descriptor = os.open(temporary, NEW_FILE, mode, dir_fd=here)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        if _is_folder(name, here):
            _clear(name, here)
        os.rename(temporary, name, src_dir_fd=here, dst_dir_fd=here)  # by descriptor
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=here)  # by descriptor
        raise


def _is_folder(name: str, here: int) -> bool:
    """Whether an entry of the open folder is a folder itself, and no link to one."""
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode)  # by descriptor
    except FileNotFoundError:
        return False


def _clear(name: str, here: int) -> None:
    """Rename an entry of the open folder, which may be somebody's work; a link is removed, and never its target."""
    if stat.S_ISLNK(os.stat(name, dir_fd=here, follow_symlinks=False).st_mode):  # by descriptor
        os.unlink(name, dir_fd=here)  # by descriptor
        return

    aside = f"{name}.set-aside-{time.time_ns()}"
    os.rename(name, aside, src_dir_fd=here, dst_dir_fd=here)  # by descriptor
