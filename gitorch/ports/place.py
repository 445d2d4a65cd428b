"""Where the repository lies, as the app sees it: a repository can be moved, copied or restored while a run waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Relocation(Value):
    """The repository does not lie where gitorch last worked on it."""

    old: Path
    """The root of the repository there: its main checkout, or the git directory of a bare one."""
    old_common: Path
    """The common git directory there."""
    old_worktrees: Path
    """Where worktrees lay there unless the configuration said otherwise."""
    copied: bool
    """Whether that one is still there, so that this one is a copy."""

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.copied:
            return f"this repository is a copy of the one in {self.old}"
        return f"this repository was moved from {self.old}"


class FolderPair(Value):
    """A folder of worktrees, by where it was expected before and where it is expected now."""

    old: Path
    new: Path


class Place(Protocol):
    """Remembers where the repository lies, and puts right what still names another place."""

    def relocation(self) -> Relocation | None:
        """None while the repository lies where gitorch last worked on it."""
        ...

    def remember(self) -> None:
        """From now on the repository belongs where it lies. Raises OSError."""
        ...

    def remember_root(self) -> None:
        """From now on the root is the one found now, also where the layout alone does not tell it. Raises OSError."""
        ...

    def end_agents(self, relocation: Relocation) -> tuple[str, ...]:
        """End the agents and the tmux server that a moved repository left in its old place; a copy only forgets them.

        The result has a sentence for each thing done. Raises Failed, Unavailable.
        """
        ...

    def repair_worktrees(self, relocation: Relocation, folders: Sequence[FolderPair]) -> tuple[str, ...]:
        """Find the worktrees below these folders again, repair their links and move them where they are expected now.

        A copy never touches the worktrees of the original. The result has a sentence for each thing done. Raises Unavailable.
        """
        ...
