"""How a new worktree is made ready for work before an agent or the tests begin in it."""

from __future__ import annotations

from gitorch.model.values import Value

NOT_SET_UP = "not-set-up"
"""The outcome of a run of the tests whose checkout could not be made ready, so that the tests did not run."""


class Preparation(Value):
    """What is done in every new worktree and in every checkout that is tested, as it was configured when the run began."""

    command: str = ""
    """A shell command that the principal wrote; it runs in the root of the worktree."""
    wait_seconds: int = 900
    copies: tuple[str, ...] = ()
    """Patterns, as in `.gitignore`, of ignored files of the root that are copied."""
    links: tuple[str, ...] = ()
    """Paths of ignored files and folders of the root that become symbolic links to them."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.command or self.copies or self.links)
