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
from gitorch.model.board import Board, State
from gitorch.model.ids import NO_DIGEST
from gitorch.text.records import digests, objects
from gitorch.text.records.record import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitorch.ledger.replay import Evolve
    from gitorch.model.ids import CommitId, Digest, RunId
    from gitorch.model.record import Record
    from gitorch.model.run import Run
    from gitorch.ports.ledger import History, StoredObject


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
    paths = _record_paths(history, tip)
    blobs = checked(history.objects(iter(paths.values())))
    board, seq, digest = Board(), -1, NO_DIGEST
    runs: dict[RunId, Run | None] = {}
    records, folder = [], ""
    known: dict[int, Digest] = {}
    for path, blob in zip(paths, blobs, strict=True):
        record = decode(path, blob.body)
        if record.seq != seq + 1 or record.prev != digest:
            raise Corrupt(f"Record {record.seq} breaks the chain.", hint="gitorch recover", where=path)
        before = State(board, runs.get(record.run) if record.run else None)
        after = evolve(before, record)
        seq, digest, board = record.seq, digests.digest(blob.body), after.board
        if record.run:
            runs[record.run] = after.run
        if record.run == run:
            records.append(record)
            folder = path.rsplit("/", 2)[0]
        known[seq] = digest
    return VerifiedLedger(board, runs, seq, digest, known, folder, tuple(records))


def _record_paths(history: History, tip: CommitId) -> Mapping[str, str]:
    """The blob of each record in the tip's tree by its path, in the order of the records' numbers."""
    (commit,) = checked(history.objects(iter((tip,))))
    if commit.kind != "commit":
        raise Corrupt(f"{tip} is a {commit.kind}, not a commit.", hint="gitorch recover", where=tip)
    folders = {"": objects.parse_commit(commit.body).tree}
    found: list[tuple[int, str, str]] = []
    width = len(tip) // 2
    while folders:
        trees = checked(history.objects(iter(folders.values())))
        below: dict[str, str] = {}
        for folder, tree in zip(folders, trees, strict=True):
            for path, mode, identity in _entries(folder, tree, width):
                if mode == objects.FOLDER:
                    below[path] = identity
                elif layout.is_record(path):
                    found.append((layout.seq_of(path), path, identity))
        folders = below
    found.sort()
    return {path: identity for _, path, identity in found}


def _entries(folder: str, tree: StoredObject, width: int) -> Iterator[tuple[str, bytes, str]]:
    """Path, mode and id of each entry of a folder that can hold records."""
    if tree.kind != "tree":
        raise Corrupt(f"{folder or 'The root'} of the ledger is a {tree.kind}.", hint="gitorch recover", where=tree.id)
    for name, (mode, raw) in objects.parse_tree(tree.body, width).items():
        path = folder + name.decode("utf-8", "replace")
        if mode != objects.FOLDER:
            yield path, mode, raw.hex()
        elif name != b"files":
            yield f"{path}/", mode, raw.hex()
