"""What passes through the ports of the ledger: drafts, records in commits, and git's commits and objects.

Apart from `ports.ledger`, since each verb needs these, and only a type checker needs the protocols: 0.01 × the import of click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.errors import Corrupt
    from gitorch.model.events import Event
    from gitorch.model.ids import CommitId, Digest, Moment
    from gitorch.model.record import Record
    from gitorch.model.work.board import State

OBJECT_BYTES_MAX = 1 << 28
"""No object of a ledger is larger. A damaged or forged one of a few megabytes can claim to hold more than memory does."""


class Draft(Value):
    """An event that is to become a record."""

    event: Event
    files: Mapping[str, bytes]
    """Files to attach, by name. They are stored by digest."""


class WrittenRecord(Value):
    """A record with the commit that added it."""

    commit: CommitId
    record: Record


class VerifiedRun(Value):
    """A run as git's objects alone tell it."""

    state: State
    records: tuple[Record, ...]
    """The run's records, oldest first."""


class Verification(Value):
    """The result of reading the whole ledger."""

    records: int
    """How many records were read and parsed."""
    tip: CommitId | None
    head: Digest
    """The digest of the newest record."""
    faults: tuple[Corrupt, ...]
    """Everything that is wrong, in ledger order; each names the commit or object and the file."""
    warnings: tuple[str, ...] = ()


class LastContact(Value):
    """What the remote that hosts share had when it last answered."""

    remote: str
    tip: CommitId | None
    at: Moment
    """By this host's clock."""


class StoredCommit(Value):
    """One commit of the branch."""

    id: CommitId
    parents: tuple[CommitId, ...]
    message: str
    added: Mapping[str, bytes]
    """The files that it added, by path."""
    touched: tuple[str, ...] = ()
    """Paths that it changed or removed, or added as something other than a plain file."""
    author: str = ""
    """`name <address> seconds zone`, as git writes it in a commit."""
    committer: str = ""


class StoredObject(Value):
    """A git object as it is stored. Nobody has compared its content with its name yet."""

    id: str
    kind: str
    """`commit`, `tree`, `blob` or `tag`."""
    body: bytes


class NewCommit(Value):
    """A commit to be written on top of another."""

    files: Mapping[str, bytes]
    """Files to add, by path."""
    message: str
    author: str
    """`name <address>`"""
    at: Moment
