"""Which issue tracker a repository has: the beads program, its exported file, or none."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from gitorch.world.beads import PROGRAM, BeadsFile, BeadsProgram, file_of, folder_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitorch.ports.tracker import Tracker
    from gitorch.ports.world import Clock


def find_tracker(
    kind: str,
    root: Path,
    environ: Mapping[str, str],
    clock: Clock,
) -> Tracker | None:
    """The tracker of a kind. `auto` prefers the program `bd` where the repository has beads, then the exported file."""
    if kind == "bd":
        return BeadsProgram(root, environ, clock)
    if kind == "file":
        return BeadsFile(root)
    if kind != "auto":
        return None
    installed = shutil.which(PROGRAM, path=environ.get("PATH")) is not None
    if installed and folder_of(root) is not None:
        return BeadsProgram(root, environ, clock)
    if file_of(root) is not None:
        return BeadsFile(root)
    return None
