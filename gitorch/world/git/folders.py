"""Folders of worktrees: free names, deleting in the background, and which of them gitorch made."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from pathlib import Path

DELETED_PREFIX = ".gitorch-gone-"
"""The prefix of the names of folders that are being deleted."""
DELETE_TRIES = 100


def free_name(folder: Path, stem: str) -> Path:
    """The first path `<stem>-<n>` in a folder that does not exist; `n` counts from 1."""
    number = 1
    while (path := folder / f"{stem}-{number}").exists():
        number += 1
    return path


def delete_in_background(path: Path) -> None:
    """Rename a worktree and delete it in the background, together with what an earlier kill left.

    Nobody waits: deleting 25,000 files took 2 to 99 s on a busy disk, during which the loop would do nothing else.
    """
    with contextlib.suppress(OSError):  # a folder that cannot be renamed is deleted where it is
        path.rename(free_name(path.parent, f"{DELETED_PREFIX}{path.name}"))
    leftovers = [str(one) for one in path.parent.glob(f"{DELETED_PREFIX}*")]
    if leftovers:
        argv = ("/bin/sh", "-c", 'rm -rf -- "$@" >/dev/null 2>&1 </dev/null &', "sh", *leftovers)
        subprocess.run(argv, check=False, start_new_session=True)


def delete(path: Path) -> None:
    """Delete a folder that another process may be deleting too.

    `rmtree` stops at a file that the other process took from under it, so it is started again; what is left after
    `DELETE_TRIES` waits for the next `tidy`.
    """
    for _ in range(DELETE_TRIES):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return


def lines(path: Path) -> list[str]:
    """The lines of a file of paths; none when the file does not exist."""
    if not path.exists():
        return []
    return [line for line in os.fsdecode(whole(path)).split("\n") if line]
