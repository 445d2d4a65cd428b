"""Files that a new worktree gets from the root of the repository: copies and links. Nothing is overwritten or leads outside."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def copy_files(
    root: Path,
    worktree: Path,
    paths: Iterable[str],
) -> None:
    """Copy these files of the root, with their modes and times, where the worktree has nothing. Links stay links.

    Raises OSError for a path that leads out of the worktree through a link, and for a file that cannot be copied.
    """
    for path in paths:
        target = _free_place(worktree, path)
        if target is not None:
            shutil.copy2(root / path, target, follow_symlinks=False)


def link_files(
    root: Path,
    worktree: Path,
    paths: Iterable[str],
) -> None:
    """Make links to these files and folders of the root, as far as it has them, where the worktree has nothing.

    Raises OSError for a path that leads out of the worktree through a link.
    """
    for path in paths:
        if not (root / path).exists():
            continue
        target = _free_place(worktree, path)
        if target is not None:
            target.symlink_to(root / path)


def _free_place(worktree: Path, path: str) -> Path | None:
    """Where the file comes to lie, with the folders above it made; None where something lies there already."""
    parts = Path(path).parts
    if not parts or Path(path).is_absolute() or ".." in parts:
        raise OSError(f"{path} leads out of the worktree")

    folder = worktree
    for part in parts[:-1]:
        folder /= part
        if folder.is_symlink():
            raise OSError(f"{path} leads out of the worktree: {folder} is a link")
        folder.mkdir(exist_ok=True)

    target = folder / parts[-1]
    if target.is_symlink() or target.exists():
        return None
    return target
