"""The state as of one commit, and how the next record changes it.

A fold holds the board, the head of the chain and, of each run, where its records lie. The states of runs stand on a shelf
that reads each only when it is asked for, so that a verb on one run never pays for another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import Corrupt
from gitorch.ledger import layout
from gitorch.model.board import Board, State
from gitorch.model.ids import NO_DIGEST, CommitId, Digest, Moment
from gitorch.model.record import Record
from gitorch.text.records import digests, timestamps

if TYPE_CHECKING:
    from gitorch.ledger.run_cache import RunCache
    from gitorch.model.ids import RunId
    from gitorch.ports.ledger import StoredCommit

Evolve = Callable[[State, Record], State]
"""What is true after a record. Raises Corrupt for one that the rules would never have made."""


class Head(NamedTuple):
    """The last record: its commit, number, digest and moment. `NOTHING` before the first."""

    commit: CommitId | None
    seq: int
    digest: Digest
    at: Moment


NOTHING = Head(None, -1, NO_DIGEST, Moment(0))


class Track(NamedTuple):
    """Where a run's records lie: the month of the first, the commit before it, its newest commit and number."""

    month: str
    before: CommitId | None
    last: CommitId
    seq: int


class Step(NamedTuple):
    """A record with the commit that holds it and the digest of its file."""

    record: Record
    commit: CommitId
    digest: Digest


class Replay:
    """Everything that is true as of `head`. Changed only by `replay` and `adopt`, one record after the other."""

    def __init__(self, run_cache: RunCache, board: Board | None = None, head: Head = NOTHING) -> None:
        self.run_cache, self.board, self.head = run_cache, board or Board(), head
        self.tracks: dict[RunId, Track] = {}

    def state(self, run: RunId | None) -> State:
        """The board, and the run's state where there is such a run. Raises Gone when the shelf has lost it."""
        track = self.tracks.get(run) if run else None
        return State(self.board, self.run_cache.get(run, track.seq) if run and track else None)

    def folder(self, run: RunId | None, at: Moment) -> str:
        """Where a record of this run, written at this moment, belongs."""
        track = self.tracks.get(run) if run else None
        return layout.folder(run, track.month if track else timestamps.month(at))

    def apply(self, commit: StoredCommit, evolve: Evolve) -> Step:
        """Take in the next commit of the branch. Raises Corrupt where it does not continue the chain."""
        path = next((path for path in commit.added if "/files/" not in path and path not in layout.GENESIS), None)
        if path is None or commit.parents != ((self.head.commit,) if self.head.commit else ()):
            raise Corrupt(f"Commit {commit.id} does not continue the ledger.", hint="gitorch verify", where=commit.id)
        from gitorch.text.records.record import decode  # noqa: PLC0415  # 15 ms; with a fresh cache nothing is replayed

        data = commit.added[path]
        record, digest = decode(path, data), digests.digest(data)
        if record.seq != self.head.seq + 1 or record.prev != self.head.digest:
            raise Corrupt(f"Record {record.seq} breaks the chain.", hint="gitorch verify", where=f"{commit.id}:{path}")
        step = Step(record, commit.id, digest)
        self.adopt(step, evolve(self.state(record.run), record))
        return step

    def adopt(self, step: Step, after: State) -> None:
        """Make a record and the state after it the newest."""
        record, run = step.record, step.record.run
        if run:
            old = self.tracks.get(run)
            month, before = (old.month, old.before) if old else (timestamps.month(record.at), self.head.commit)
            self.tracks[run] = Track(month, before, step.commit, record.seq)
            self.run_cache.put(run, record.seq, after.run)
        self.board = after.board
        self.head = Head(step.commit, record.seq, step.digest, record.at)
