"""Small files as the app sees them: texts for agents, and the outbox in which an agent leaves what it cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import Value

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.ids import Digest


class PendingEntry(Value):
    """An outbox entry that waits in an outbox. `digest` is of its name, its moment and its bytes: one that is left again is another."""

    name: str
    data: bytes
    digest: Digest


class Outboxes(Protocol):
    """The folder `.gitorch/outbox` of a worktree, where an agent in a sandbox leaves what it cannot call.

    Both sides never follow a link that the other planted.
    """

    def post(self, worktree: Path, name: str, data: bytes) -> None:
        """Leave an outbox entry, whole or not at all."""
        ...

    def waiting(self, worktree: Path) -> tuple[PendingEntry, ...]:
        """The outbox entries that nobody answered, oldest first; of a large one only its beginning."""
        ...

    def answer(self, worktree: Path, name: str, data: bytes) -> None:
        """Write the answer beside an outbox entry, then take the outbox entry away."""
        ...

    def answered(self, worktree: Path, name: str) -> bytes | None:
        """The answer to an outbox entry, once it is there."""
        ...


class Files(Protocol):
    """Small files outside the ledger: texts for agents, and copies of what they were told."""

    def write(self, path: Path, data: bytes) -> None:
        """Write a file whole, by a temporary name and a rename, making its folder."""
        ...

    def read(self, path: Path) -> bytes | None:
        """The bytes, or None where there is no such file."""
        ...

    def inside(self, root: Path, path: str, bytes_max: int) -> bytes | None:
        """The bytes of a regular file below a folder, reached without following any link; None where there is none.

        Raises Refused for a link on the way, anything that is no file, another repository on the way, a name that file
        systems confuse with one beside it, and a file that is larger.
        """
        ...

    def remove(self, path: Path) -> None:
        """Remove a file, and the folders above it that are empty then."""
        ...
