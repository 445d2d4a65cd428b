"""The ledger as the app sees it, and the store of commits that it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from gitorch.errors import Corrupt
    from gitorch.model.board import State
    from gitorch.model.events import Event
    from gitorch.model.ids import CommitId, Digest, Moment, RunId
    from gitorch.model.record import Actor, Record


class Draft(Value):
    """An event that is to become a record; `files` are attached, by name, and stored by digest."""

    event: Event
    files: Mapping[str, bytes]


class WrittenRecord(Value):
    """A record as it stands on the branch: the commit that brought it."""

    commit: CommitId
    record: Record


class Verification(Value):
    """The result of reading everything: how many records hold, and the first thing that does not.

    `faults` are in ledger order, each a `Corrupt` that names commit, record and what is wrong.
    """

    records: int
    tip: CommitId | None
    head: Digest
    faults: tuple[Corrupt, ...]
    warnings: tuple[str, ...] = ()


class Ledger(Protocol):
    """Append-only, hash-chained, one commit a record, on an orphan branch."""

    def exists(self) -> bool:
        """Whether this repository has a ledger branch."""
        ...

    def create(self, actor: Actor, at: Moment, ledger: str) -> None:
        """Begin the ledger; does nothing where one exists. Raises Refused where the branch is something else."""
        ...

    def state(self, run: RunId | None) -> State:
        """The state at the tip: the board, and the run where one is named. Raises NotFound, Corrupt."""
        ...

    def tip(self) -> CommitId | None:
        """The branch's commit, read from the ref and nothing else: cheap enough to ask every 50 ms."""
        ...

    def append(
        self, run: RunId | None, actor: Actor, at: Moment, decide: Callable[[State], Sequence[Draft]]
    ) -> tuple[State, tuple[WrittenRecord, ...]]:
        """Decide on the newest state and write what follows, durably and all in one move of the branch.

        `decide` is called again on the new state when somebody else was faster; what it raises passes through and
        nothing is written. An empty answer writes nothing. Raises Busy after a bounded number of tries, Corrupt.
        """
        ...

    def follow(self, tip: CommitId) -> int:
        """Take over what another clone wrote on top of this ledger, or all of it where there is none here.

        Each record is checked as if it were read, then the branch moves. Answers how many came. Raises Corrupt, Busy.
        """
        ...

    def records(self, run: RunId | None = None, after: int = -1) -> Iterator[WrittenRecord]:
        """Records in ledger order with a sequence number above `after`, streamed; of one run where one is named."""
        ...

    def file(self, run: RunId | None, digest: str) -> bytes:
        """The bytes of an attached file. Raises NotFound."""
        ...

    def verify(self) -> Verification:
        """Read everything in one pass and check chain, order, legality, digests and the remembered tip."""
        ...

    def hold(self, name: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """A named lock of this repository, shared by all its worktrees. Raises Busy when it is held elsewhere."""
        ...


class StoredCommit(Value):
    """One commit of the branch: its only parent, its message, and the files that it added, by path."""

    id: CommitId
    parents: tuple[CommitId, ...]
    message: str
    added: Mapping[str, bytes]
    touched: tuple[str, ...] = ()


class NewCommit(Value):
    """A commit to be written on top of another: files to add, who did it, and when."""

    files: Mapping[str, bytes]
    message: str
    author: str
    at: Moment


class Store(Protocol):
    """Commits on one ref of a git repository. Two implementations, one contract suite."""

    name: str

    def tip(self) -> CommitId | None:
        """The ref's commit, or None where there is no such ref. Raises Unavailable, Corrupt."""
        ...

    def extend(self, tip: CommitId | None, commits: Sequence[NewCommit]) -> tuple[CommitId, ...] | None:
        """Write the commits one after the other on `tip`, durably, then move the ref by compare-and-swap.

        Answers the new commits' ids, oldest first. None when the ref was not `tip` any more or is being moved by
        somebody else: nothing has happened then but unreachable objects.
        """
        ...

    def forward(self, old: CommitId | None, new: CommitId) -> bool:
        """Move the ref to commits that are here already; False when it was not at `old` any more."""
        ...

    def since(self, old: CommitId | None, new: CommitId) -> Iterable[StoredCommit]:
        """The commits after `old` up to `new`, oldest first. Raises Corrupt where `old` is not an ancestor."""
        ...

    def read(self, commit: CommitId, path: str) -> bytes | None:
        """One file as of a commit."""
        ...

    def paths(self, commit: CommitId, under: str) -> Iterator[str]:
        """All paths of files below a folder, sorted."""
        ...


class History(Protocol):
    """The fastest way to read a whole ledger; the git command line in practice."""

    def stream(self, tip: CommitId, after: CommitId | None = None) -> Iterator[StoredCommit]:
        """Every commit after `after` up to `tip`, oldest first, with the added files' bytes; memory stays flat.

        `touched` names paths that a commit changed or removed, which no honest commit does. Raises Corrupt, Unavailable.
        """
        ...
