"""A folder is put back to a saved state in the time that their differences take."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from stat import S_ISDIR


def put_back(saved: Path, place: Path) -> None:
    """Make the folder `place` what `saved` is. A file that has the same kind, mode, size and time is taken for unchanged."""
    wanted = {entry.name for entry in os.scandir(saved)}
    for entry in os.scandir(place):
        if entry.name not in wanted:
            remove(Path(entry.path))
    for name in wanted:
        _put_one_back(saved / name, place / name)
    if _state(saved.stat()) != _state(place.stat()):
        shutil.copystat(saved, place)


def _put_one_back(saved: Path, path: Path) -> None:
    wanted = saved.lstat()
    found = path.lstat() if os.path.lexists(path) else None
    if S_ISDIR(wanted.st_mode):
        if found is None or not S_ISDIR(found.st_mode):
            remove(path)
            shutil.copytree(saved, path, symlinks=True)
        else:
            put_back(saved, path)
    elif found is None or _state(found) != _state(wanted) or found.st_size != wanted.st_size:
        remove(path)
        shutil.copy2(saved, path, follow_symlinks=False)


def _state(of: os.stat_result) -> tuple[int, int]:
    return of.st_mode, of.st_mtime_ns


def remove(path: Path) -> None:
    """Take away whatever is at this path, a pipe or a link to itself too; nothing may be."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
