"""The ledger as the app sees it, and the store of commits below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from gitorch.errors import Corrupt
    from gitorch.model.ids import CommitId, MessageId, Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.model.work.board import State
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import (
        Draft,
        LastContact,
        NewCommit,
        StoredCommit,
        StoredObject,
        Verification,
        VerifiedRun,
        WrittenRecord,
    )


T = TypeVar("T")


class Ledger(Protocol):
    """Append-only, hash-chained, one commit a record, on an orphan branch."""

    is_shared: bool
    """Whether several hosts share it over a remote."""

    def exists(self) -> bool:
        """Whether this repository has a ledger branch. Raises Corrupt where it had one that is missing now."""
        ...

    def create(self, actor: Actor, at: Moment, ledger: str) -> None:
        """Create the ledger; does nothing where one exists. Raises Refused where the branch is not a ledger."""
        ...

    def state(self, run: RunId | None) -> State:
        """The state at the tip: the board, and the run where one is named. Raises NotFound, Corrupt."""
        ...

    def tip(self) -> CommitId | None:
        """The branch's commit, read from the ref and nothing else: cheap enough to ask every 50 ms."""
        ...

    def verified(self, run: RunId) -> VerifiedRun:
        """The run as of the tip, from git's objects alone: each is hashed and compared with its name, and the chain checked.

        The cache is compared with the result and replaced where it differs, so that the next `append` of this process
        decides on the verified state. Costs what the whole history costs. Raises NotFound, Corrupt, Busy.
        """
        ...

    def append(
        self, run: RunId | None, actor: Actor, at: Moment, decide: Callable[[State], Sequence[Draft]]
    ) -> tuple[State, tuple[WrittenRecord, ...]]:
        """Decide on the newest state and write what follows, durably and all in one move of the branch.

        When another process was faster, `decide` is called again on the new state. Its errors pass through, and then
        nothing is written; nor is it where `decide` returns nothing. Raises Corrupt, and Busy after a bounded time.
        """
        ...

    def refresh(self) -> None:
        """Bring the branch up to what other hosts wrote; nothing happens where this clone alone has the ledger.

        Raises Away where the remote does not answer, Busy, Corrupt where its ledger is not what it was.
        """
        ...

    def last_contact(self) -> LastContact | None:
        """The last answer of the remote that hosts share; None before it, and where this clone alone has the ledger."""
        ...

    def follow(self, tip: CommitId) -> int:
        """Adopt the records up to `tip` that another clone wrote: those after this ledger's, or all where there is none here.

        Each record is checked like any that is read, then the branch moves. Returns their number. Raises Corrupt, Busy.
        """
        ...

    def records(self, run: RunId | None = None, after: int = -1, last: int | None = None) -> Iterator[WrittenRecord]:
        """The records with a sequence number above `after`, up to `last` where it is given, streamed in ledger order.

        With `run`, only those of that run. Raises NotFound for an unknown run, Corrupt.
        """
        ...

    def newest(self, run: RunId | None = None, types: Collection[type] = ()) -> Iterator[WrittenRecord]:
        """Records from the newest back, read one by one as the caller iterates.

        With `run`, only those of that run; with `types`, such as `ReportIssued`, only those events.
        Raises NotFound for an unknown run, Corrupt.
        """
        ...

    def record(self, seq: int) -> WrittenRecord:
        """The record with this number, at a cost that does not depend on the length of history. Raises NotFound, Corrupt."""
        ...

    def message(self, message: MessageId) -> WrittenRecord:
        """The record by which a message was sent. Raises NotFound, Corrupt."""
        ...

    def in_commit(self, prefix: str) -> WrittenRecord:
        """The record that the ledger's commit with this beginning of an id added; `prefix` has four hex digits or more.

        Raises NotFound where no commit of the ledger begins like this, Corrupt.
        """
        ...

    def summaries(self, name: str, summarize: Callable[[Run], T]) -> Mapping[RunId, T]:
        """What `summarize` makes of each run, oldest first: nothing but what JSON can hold, and nothing but the run told it.

        Kept by `name` and the code's version, so that `summarize` is called only for runs with records since the last time.
        Raises NotFound, Corrupt.
        """
        ...

    def span(self, run: RunId) -> tuple[int, int]:
        """The numbers of a run's first and newest records. Raises NotFound, Corrupt."""
        ...

    def file(self, run: RunId | None, digest: str) -> bytes:
        """The bytes of an attached file. Raises NotFound."""
        ...

    def verify(self, now: Moment | None = None, judge: Callable[[VerifiedRun], object] | None = None) -> Verification:
        """Read everything and check objects, chain, order, actors, legality, digests and the trusted tip.

        Records far after `now` are faults; None: any time is accepted. Where nothing is wrong, `judge` is called with each
        run that has a merge approval, with the records of its approvals alone; what it raises passes through.
        Raises NotFound where there is no ledger, Corrupt where it is lost.
        """
        ...

    def damage(self) -> Corrupt | None:
        """The damage to the ledger's branch and objects, as an error whose hint restores them; None if there is no damage.

        Raises NotFound if this repository never had a ledger.
        """
        ...

    def hold(self, name: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """A named lock of this repository, shared by all its worktrees. Raises Busy when it is held elsewhere."""
        ...


class Store(Protocol):
    """Commits on one ref of a git repository. Two implementations, one contract suite."""

    name: str

    def tip(self) -> CommitId | None:
        """The ref's commit, or None where there is no such ref. Raises Unavailable, Corrupt."""
        ...

    def extend(self, tip: CommitId | None, commits: Sequence[NewCommit]) -> tuple[CommitId, ...] | None:
        """Write the commits one after the other on `tip`, then move the ref by compare-and-swap; durable after `make_durable`.

        Returns the new commits' ids, oldest first; None when the ref was not at `tip` any more or another process is
        moving it. Then nothing has happened, except for unreachable objects.
        """
        ...

    def make_durable(self) -> None:
        """Wait until a power cut would lose nothing of what this store has done. Needs no lock.

        Before that, a power cut can take the newest commits, and never one that a kept commit is built on.
        """
        ...

    def write(
        self, tip: CommitId | None, commits: Sequence[NewCommit], sign: Callable[[str], str] | None = None
    ) -> tuple[CommitId, ...]:
        """Write the commits one after the other on `tip` without moving the ref. Returns their ids, oldest first.

        They need not be durable before `forward` moves the ref to them. `sign` gives the signature of the last one.
        """
        ...

    def forward(self, old: CommitId | None, new: CommitId) -> bool:
        """Move the ref to commits that exist already; False when it was not at `old` any more."""
        ...

    def back(self, commit: CommitId) -> Iterator[StoredCommit]:
        """The commits from this one back to the first, newest first; a caller that stops early pays for no more.

        Raises Corrupt for an object that is missing or no commit.
        """
        ...

    def first_parents(self, commit: CommitId) -> Iterator[CommitId]:
        """This commit and those before it, newest first, without what they added; a caller that stops early pays for no more.

        Raises Corrupt for an object that is missing or no commit.
        """
        ...

    def since(self, old: CommitId | None, new: CommitId) -> Iterable[StoredCommit]:
        """The commits after `old` up to `new`, oldest first. Raises Corrupt where `old` is not an ancestor."""
        ...

    def message(self, commit: CommitId) -> str:
        """The message of a commit. Raises Corrupt where it cannot be read."""
        ...

    def read(self, commit: CommitId, path: str) -> bytes | None:
        """One file as of a commit."""
        ...

    def matching(self, prefix: str) -> Iterator[str]:
        """The ids of all objects that begin with these hex digits, four or more, in no order."""
        ...

    def paths(self, commit: CommitId, under: str) -> Iterator[str]:
        """All paths of files below a folder, sorted."""
        ...


class HostKeys(Protocol):
    """This host's key, and the check of another's signature."""

    def sign(self, text: str) -> str:
        """An SSH signature of a commit by this host's key. Raises Refused where it has none."""
        ...

    def signer(self, text: str, signature: str, hosts: Mapping[str, str], claimed: str) -> str:
        """The host whose key signed exactly this text; empty when none did. `claimed` is tried first. Raises Unavailable."""
        ...


class Upstream(Protocol):
    """The ledger's branch on the remote that several hosts share."""

    name: str
    """The remote's name."""

    def tip(self) -> CommitId | None:
        """The commit of the branch there; None where it has none. Raises Unavailable."""
        ...

    def fetch(self) -> CommitId | None:
        """Fetch the branch, and the work that its records name; the commit of the branch, None where there is none.

        No branch of this clone moves. Raises Unavailable.
        """
        ...

    def push(self, old: CommitId | None, new: CommitId, named: Collection[str]) -> bool:
        """Move the branch there from `old` to `new`; false when it was not at `old` any more, and then nothing happened.

        Those commits of `named` that this clone has are pushed with it, both or neither. Raises Unavailable when the
        remote does not answer, or refuses; without an answer the push may have arrived.
        """
        ...


class History(Protocol):
    """The fastest way to read a whole ledger; the git command line in practice."""

    def stream(self, tip: CommitId, after: CommitId | None = None) -> Iterator[StoredCommit]:
        """Every commit after `after` up to `tip`, oldest first, with the added files' bytes; memory stays flat.

        Raises Corrupt, Unavailable.
        """
        ...

    def objects(self, ids: Iterable[str]) -> Iterator[StoredObject]:
        """These objects, in this order, unchecked. Raises Corrupt for one that is missing, Unavailable."""
        ...

    def object_groups(self, groups: Iterable[Iterable[str]]) -> Iterator[StoredObject]:
        """The objects of each group, as `objects` gives them, read by one process.

        A group is taken only when the objects of those before it were given, so that it can follow from them.
        """
        ...

    def checked(self, tip: CommitId) -> Iterator[StoredCommit | StoredObject]:
        """Every commit up to `tip`, oldest first, and before it each of its objects whose content does not match its name.

        Reads every object that the history needs, and compares each commit with the one before it in this order.
        Raises Corrupt where an object is missing, or is no object of the kind that it must be, Unavailable.
        """
        ...

    def commits(self) -> Iterator[tuple[CommitId, bytes]]:
        """Every commit of the repository with its body, also those that no ref names, in no order. Raises Unavailable."""
        ...

    def refs(self) -> tuple[str, ...]:
        """The full names of all refs, sorted. Raises Unavailable."""
        ...
