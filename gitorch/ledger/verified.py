"""The state from git's objects alone, for the moments after which nothing can be taken back: approve, merge and push.

No cache, no remembered commit and no index of git's is believed. From the tip's commit on, each object is hashed and compared
with its name, so the tip's id stands for every byte below it. All records are in the tip's tree, since none is ever
removed. They are read in the order of their numbers, and each must name the digest of the one before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import Corrupt
from gitorch.ledger import layout
from gitorch.ledger.object_check import checked
from gitorch.ledger.streams import ended
from gitorch.model.ids import NO_DIGEST
from gitorch.model.work.board import Board, State
from gitorch.text.records import digests, objects
from gitorch.text.records.record import decode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from gitorch.ledger.replay import Evolve
    from gitorch.model.ids import CommitId, Digest, RunId
    from gitorch.model.record import Record
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import StoredObject
    from gitorch.ports.ledger import History


class VerifiedLedger(NamedTuple):
    """The state as of one commit, and the records of one run."""

    board: Board
    runs: Mapping[RunId, Run | None]
    seq: int
    """The number of the newest record."""
    digest: Digest
    """The digest of the newest record."""
    digest_of: Mapping[int, Digest]
    """The digest of each record by its number."""
    folder: str
    """The folder of the run that was asked for."""
    records: tuple[Record, ...]
    """The records of the run that was asked for, oldest first."""

    def state(self, run: RunId | None) -> State:
        """The board, and the run's state where there is such a run."""
        if run is None:
            return State(self.board, None)
        return State(self.board, self.runs.get(run))


def read_verified(history: History, tip: CommitId, evolve: Evolve, run: RunId | None) -> VerifiedLedger:
    """Replay every record below `tip`. Raises Corrupt for an object, a chain or a record that does not hold."""
    groups = _Groups((tip,))
    reading = _Reading(evolve, run)
    found = checked(history.object_groups(groups))
    with ended(found):
        paths = _record_paths(groups, found)
        groups.ask_for(paths.values())
        for path, blob in zip(paths, found, strict=False):
            reading.add(path, blob.body)
    return reading.result()


class _Groups:
    """The groups of objects to read with one process, each of which follows from the objects of the one before it."""

    def __init__(self, ids: Collection[str]) -> None:
        self._ids = ids

    def ask_for(self, ids: Collection[str]) -> None:
        """Make this the next group. All objects of the one before it must have been read; an empty one is the last."""
        self._ids = ids

    def __iter__(self) -> Iterator[Collection[str]]:
        while self._ids:
            ids, self._ids = self._ids, ()
            yield ids


class _Reading:
    """The records read so far, and the state after them."""

    def __init__(self, evolve: Evolve, run: RunId | None) -> None:
        self._evolve, self._run = evolve, run
        self._board, self._seq, self._digest = Board(), -1, NO_DIGEST
        self._runs: dict[RunId, Run | None] = {}
        self._digest_of: dict[int, Digest] = {}
        self._records: list[Record] = []
        self._folder = ""

    def add(self, path: str, data: bytes) -> None:
        """Replay the next record. Raises Corrupt where it does not follow the one before."""
        record = decode(path, data)
        if record.seq != self._seq + 1 or record.prev != self._digest:
            raise Corrupt(f"Record {record.seq} breaks the chain.", hint="gitorch recover", where=path)

        self._seq = record.seq
        self._digest = digests.digest(data)
        self._digest_of[self._seq] = self._digest

        after = self._evolve(self._before(record), record)
        self._board = after.board
        if record.run is not None:
            self._runs[record.run] = after.run
        if record.run == self._run:
            self._records.append(record)
            self._folder = path.rsplit("/", 2)[0]

    def _before(self, record: Record) -> State:
        """The state that the rules compare a record with: the board, and its run as of the last record of that."""
        if record.run is None:
            return State(self._board, None)
        return State(self._board, self._runs.get(record.run))

    def result(self) -> VerifiedLedger:
        """Everything that was read."""
        return VerifiedLedger(
            board=self._board,
            runs=self._runs,
            seq=self._seq,
            digest=self._digest,
            digest_of=self._digest_of,
            folder=self._folder,
            records=tuple(self._records),
        )


def _record_paths(groups: _Groups, objects_read: Iterator[StoredObject]) -> Mapping[str, str]:
    """The blob of each record in the tip's tree by its path, in the order of the records' numbers. The tip is read first."""
    commit = next(objects_read)
    if commit.kind != "commit":
        raise Corrupt(f"{commit.id} is a {commit.kind}, not a commit.", hint="gitorch recover", where=commit.id)

    folders = {"": objects.parse_commit(commit.body).tree}
    found: list[tuple[int, str, str]] = []
    while folders:
        below: dict[str, str] = {}
        groups.ask_for(folders.values())
        for folder, tree in zip(folders, objects_read, strict=False):
            _sort_entries(folder, tree, found, below)
        folders = below

    found.sort()
    return {path: identity for _, path, identity in found}


def _sort_entries(
    folder: str, tree: StoredObject, records: list[tuple[int, str, str]], folders: dict[str, str]
) -> None:
    """Add the entries of a folder to the records (number, path, id) or to the folders that can hold records."""
    if tree.kind != "tree":
        raise Corrupt(f"{folder or 'The root'} of the ledger is a {tree.kind}.", hint="gitorch recover", where=tree.id)

    width = len(tree.id) // 2
    for name, (mode, raw) in objects.parse_tree(tree.body, width).items():
        path = folder + name.decode("utf-8", "replace")
        if mode == objects.FOLDER:
            if name != b"files":
                folders[f"{path}/"] = raw.hex()
        elif layout.is_record(path):
            records.append((layout.seq_of(path), path, raw.hex()))
