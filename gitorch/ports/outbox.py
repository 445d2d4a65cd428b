"""The outbox of a worktree as the app sees it: what an agent left there, and the answer that it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.ids import Digest


@dataclass(frozen=True, slots=True)
class Posted:
    """A slip that waits in an outbox. `digest` is of its name, its moment and its bytes: one that is left again is another."""

    name: str
    data: bytes
    digest: Digest


class Outboxes(Protocol):
    """The folder `.gitorch/outbox` of a worktree, where an agent in a sandbox leaves what it cannot call.

    Both sides never follow a link that the other planted.
    """

    def post(self, worktree: Path, name: str, data: bytes) -> None:
        """Leave a slip, whole or not at all."""
        ...

    def waiting(self, worktree: Path) -> tuple[Posted, ...]:
        """The slips that nobody answered, oldest first; of a large one only its beginning."""
        ...

    def answer(self, worktree: Path, name: str, data: bytes) -> None:
        """Write the answer beside a slip, then take the slip away."""
        ...

    def answered(self, worktree: Path, name: str) -> bytes | None:
        """The answer to a slip, once it is there."""
        ...
