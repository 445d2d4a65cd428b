"""The state as of one commit, and how the next record changes it.

A `Replay` holds the board, the head of the chain and the place of each run's records. The states of runs are in a
`RunCache`, which reads each only when it is needed, so that a verb on one run never pays for another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.ledger import layout
from gitorch.model.ids import NO_DIGEST, CommitId, Digest, Moment
from gitorch.model.record import Record
from gitorch.model.values import Value, replace
from gitorch.model.work.board import Board, State
from gitorch.text.records import digests, timestamps

if TYPE_CHECKING:
    from gitorch.ledger.run_cache import RunCache
    from gitorch.model.ids import RunId
    from gitorch.ports.commits import StoredCommit

Evolve = Callable[[State, Record], State]
"""The state after a record. Raises Corrupt for a record that the rules would never have made."""


class Head(Value):
    """The last record that was replayed; `NOTHING` before the first."""

    commit: CommitId | None
    seq: int
    digest: Digest
    """SHA-256 of the record's file, which the next record names."""
    at: Moment


NOTHING = Head(None, -1, NO_DIGEST, Moment(0))


class Track(Value):
    """Where the records of a run are."""

    month: str
    """The month of its first record, `2026-11`: a part of its folder's path."""
    before: CommitId | None
    """The commit before that of its first record."""
    last: CommitId
    """The commit of its newest record."""
    seq: int
    """The number of its newest record."""


class Step(Value):
    """A record with the commit that holds it and the digest of its file."""

    record: Record
    commit: CommitId
    digest: Digest


class Replay:
    """The state of all runs as of the commit `head`. Only `apply` and `adopt` change it, one record after the other."""

    def __init__(self, run_cache: RunCache, board: Board | None = None, head: Head = NOTHING) -> None:
        self.run_cache, self.board, self.head = run_cache, board or Board(), head
        self.tracks: dict[RunId, Track] = {}
        self._unproven = head

    def state(self, run: RunId | None) -> State:
        """The board, and the run's state; None instead of a state when there is no such run.

        Raises RunNotCached when the cache has lost the state, so that the replay must start again.
        """
        if run is None:
            return State(self.board, None)
        track = self.tracks.get(run)
        if track is None:
            return State(self.board, None)
        return State(self.board, self.run_cache.get(run, track.seq))

    def folder(self, run: RunId | None, at: Moment) -> str:
        """The folder of a record of this run that is written at this time.

        Only the first record of a run looks at the time; all others join it.
        """
        if run is None:
            return layout.folder(None, "")
        track = self.tracks.get(run)
        if track is None:
            return layout.folder(run, timestamps.month(at))
        return layout.folder(run, track.month)

    def is_continuable(self, message: Callable[[CommitId], str]) -> bool:
        """Whether the next record may continue this head: not where the cache told another one than its commit names.

        Such a record would break the chain for ever. Records that were replayed since were compared with the one before.
        `message` reads that of a commit; what it raises passes through.
        """
        head = self.head
        if head != self._unproven or head.commit is None:
            return True

        written = message(head.commit)
        is_number = f"\nGitorch-Seq: {head.seq}\n" in written
        return is_number and written.endswith(f"\nGitorch-Record: {head.digest}\n")

    def apply(self, commit: StoredCommit, evolve: Evolve) -> Step:
        """Take in the next commit of the branch, and return the record that it holds.

        Checks only what a replay depends on, since every start replays; `verify` checks the rest.
        A record that is refused leaves the replay as it was.

        Raises Corrupt when the commit, or the record in it, does not continue the chain.
        Raises Corrupt when the rules would never have made the record.
        Raises RunNotCached when the cache has lost the state of the record's run.
        """
        path = record_path(commit)
        if path is None or not is_parent_of(self.head, commit):
            raise Corrupt(
                f"Commit {commit.id} does not continue the ledger.",
                hint="gitorch recover",
                where=commit.id,
            )

        from gitorch.text.records.record import decode  # noqa: PLC0415  # 15 ms; with a fresh cache nothing is replayed

        data = commit.added[path]
        record = decode(path, data)
        digest = digests.digest(data)
        if record.seq != self.head.seq + 1 or record.prev != self.head.digest:
            raise Corrupt(
                f"Record {record.seq} breaks the chain.",
                hint="gitorch recover",
                where=f"{commit.id}:{path}",
            )

        step = Step(record, commit.id, digest)
        self.adopt(step, evolve(self.state(record.run), record))
        return step

    def adopt(self, step: Step, after: State) -> None:
        """Make a record and the state after it the newest, without a check: the caller has evolved the state.

        The record must be the one that follows `head`.
        """
        record, run = step.record, step.record.run
        if run:
            track = self.tracks.get(run)
            if track is None:
                track = Track(timestamps.month(record.at), self.head.commit, step.commit, record.seq)
            self.tracks[run] = replace(track, last=step.commit, seq=record.seq)
            self.run_cache.put(run, record.seq, after.run)

        self.board = after.board
        self.head = Head(step.commit, record.seq, step.digest, record.at)


def is_parent_of(head: Head, commit: StoredCommit) -> bool:
    """Whether a commit follows this head: it has the head's commit as its only parent, or none before the first."""
    if head.commit is None:
        return commit.parents == ()
    return commit.parents == (head.commit,)


def record_path(commit: StoredCommit) -> str | None:
    """The path of the record that a commit adds, or None where it adds none."""
    for path in commit.added:
        if layout.is_record(path):
            return path
    return None
