"""Small files as the app sees them: texts for agents, and the outbox that an agent uses when it cannot call gitorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import Value

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.ids import Digest


class PendingEntry(Value):
    """An unanswered outbox entry."""

    name: str
    data: bytes
    """Its bytes; of an entry larger than the limit only the beginning."""
    digest: Digest
    """Of name, modification time and bytes, so that an entry that is posted again has another digest."""


class Outboxes(Protocol):
    """The folder `.gitorch/outbox` of a worktree, where an agent in a sandbox posts the calls that it cannot make.

    Neither side follows a link that the other one planted.
    """

    def post(self, worktree: Path, name: str, data: bytes) -> None:
        """Post an outbox entry, whole or not at all."""
        ...

    def waiting(self, worktree: Path) -> tuple[PendingEntry, ...]:
        """The unanswered outbox entries, oldest first; of a large entry only its beginning."""
        ...

    def answer(self, worktree: Path, name: str, data: bytes) -> None:
        """Write the answer beside an outbox entry, then remove the entry."""
        ...

    def answered(self, worktree: Path, name: str) -> bytes | None:
        """The answer to an outbox entry; None until there is one."""
        ...


class Files(Protocol):
    """Small files outside the ledger, such as the texts that agents read."""

    def write(self, path: Path, data: bytes) -> None:
        """Write a file whole, by a temporary name and a rename, making its folder."""
        ...

    def read(self, path: Path) -> bytes | None:
        """The bytes, or None when there is no such file."""
        ...

    def inside(self, root: Path, path: str, bytes_max: int) -> bytes | None:
        """The bytes of a regular file below a folder, read without following any link; None when there is none.

        Raises Refused when the path contains a link or another repository, names no regular file, or collides with a
        name that some file systems cannot tell apart, and when the file is larger than `bytes_max`.
        """
        ...

    def sweep(self, folder: Path) -> None:
        """Remove the temporary files in a folder whose writers were killed."""
        ...

    def remove_folder(self, path: Path) -> None:
        """Remove a folder of our own with everything in it, and the folder above it where that becomes empty.

        Harmless where there is none. Raises Unavailable.
        """
        ...

    def remove(self, path: Path) -> None:
        """Remove a file, and the folders above it that this leaves empty."""
        ...
