"""Where the repository lies: remembered in a file of its own, and compared by a word that a copy carries too.

Implements `ports.place.Place`. The files of sessions come along with a repository that is moved, and name their processes,
so that those of the old place can be ended. In a copy they name the original's processes, which are none of ours.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.ports.place import Relocation
from gitorch.world.files import read_json, write_json
from gitorch.world.git.relocation import repair_worktrees
from gitorch.world.git.roots import remember_root, worktrees_folder
from gitorch.world.terminal.session_files import folders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitorch.ports.place import FolderPair
    from gitorch.ports.world import Terminals
    from gitorch.world.git.runner import GitRunner

FILE = "place"
FOLDERS_OF_PROCESSES = ("sessions", "views", "places", "checks")
"""What describes processes and their private files, which a copy does not have."""


class RepositoryPlace:
    """The place of one repository. `terminals_at` gives the terminals of the repository as it lay in another place."""

    def __init__(self, home: Path, root: Path, git: GitRunner, terminals_at: Callable[[Path], Terminals]) -> None:
        self._home = home
        self._root = root
        self._git = git
        self._terminals_at = terminals_at

    def relocation(self) -> Relocation | None:
        """None while the repository lies where gitorch last worked on it, and before gitorch did."""
        known = self._known(self._home)
        if known is None or known[0] == self._home.parent:
            return None
        old_common = known[0]
        copied = self._known(old_common / self._home.name) == known
        worktrees = worktrees_folder(old_common, self._home.parent)
        return Relocation(self._root_at(old_common), old_common, worktrees, copied)

    def remember(self) -> None:
        """From now on the repository belongs where it lies. Writes only when that is news."""
        known = self._known(self._home)
        if known is None or known[0] != self._home.parent:
            write_json(self._home / FILE, {"common": str(self._home.parent), "word": secrets.token_hex(8)})

    def remember_root(self) -> None:
        """From now on the root is the one found now, also where the layout alone does not tell it."""
        remember_root(self._root, self._home.parent)

    def end_agents(self, relocation: Relocation) -> tuple[str, ...]:
        """End the agents and the tmux server of the old place. In a copy only forget the files that describe them."""
        if relocation.copied:
            for name in FOLDERS_OF_PROCESSES:
                shutil.rmtree(self._home / name, ignore_errors=True)
            return ("the agents of the original go on there; this copy starts its own",)
        terminals = self._terminals_at(relocation.old_common)
        living = len(terminals.pids())
        for key, _ in folders(self._home):
            terminals.stop(key)
        terminals.close()
        if living:
            return (f"ended the tmux server of the old place and its agents ({living})",)
        return ()

    def repair_worktrees(self, relocation: Relocation, folders: Sequence[FolderPair]) -> tuple[str, ...]:
        """Find the worktrees below these folders again; see `world.git.relocation`."""
        return repair_worktrees(self._git, self._root, relocation, folders)

    def _root_at(self, old_common: Path) -> Path:
        """The root of the repository when its common git directory lay there: as far from it as now."""
        common = self._home.parent
        if self._root == common:
            return old_common
        return Path(os.path.normpath(old_common.parent / os.path.relpath(self._root, common.parent)))

    @staticmethod
    def _known(home: Path) -> tuple[Path, str] | None:
        """The git directory and the word that the file of a place holds; None without one that makes sense."""
        values = read_json(home / FILE)
        if values is None or not isinstance(values.get("common"), str):
            return None
        return Path(values["common"]), str(values.get("word", ""))
