"""Finding single records without reading all of history: the newest ones, one by its number, one by its commit.

A commit can only be reached from a later one. So a search starts at the tip or at the nearest known place, and walks back.
Whatever it finds counts only when the tip's tree has the same file at the same path.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, GitorchError
from gitorch.ledger import layout
from gitorch.ledger.places import Place
from gitorch.ledger.replay import record_path
from gitorch.ledger.tip_index import FEW
from gitorch.model.ids import CommitId
from gitorch.ports.commits import WrittenRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gitorch.ledger.places import Places
    from gitorch.ledger.replay import Replay
    from gitorch.model.ids import MessageId, RunId
    from gitorch.ports.commits import StoredCommit
    from gitorch.ports.ledger import History, Store

FAR = 2000
"""A longer walk back costs more than reading all commits at once with git, which also learns every place anew."""


class Finder:
    """Reads records as of one replay's head, which must have a commit."""

    def __init__(self, store: Store, history: History, places: Places, replay: Replay, tip: CommitId) -> None:
        self._store, self._history, self._places = store, history, places
        self._replay, self._tip = replay, tip

    def newest(self, run: RunId | None, types: Collection[type]) -> Iterator[WrittenRecord]:
        """Records from the newest back, of one run where it is named, of these types unless there are none.

        The run must exist. A caller that stops early pays for no more than it took.
        """
        kinds = _kinds(types)
        if run is None:
            yield from self._newest_of_all(kinds)
            return

        for path in self._paths(run):
            if kinds and layout.type_of(path) not in kinds:
                continue
            found = self.record(layout.seq_of(path))
            if found is None:
                raise Corrupt(f"No commit of the ledger adds {path}.", hint="gitorch verify", where=path)
            yield found

    def _newest_of_all(self, kinds: Collection[str]) -> Iterator[WrittenRecord]:
        """Records of the whole ledger from the newest back."""
        for commit in self._store.back(self._tip):
            path = _path_in(commit)
            if not kinds or layout.type_of(path) in kinds:
                yield _written(commit, path)

    def _paths(self, run: RunId) -> Iterator[str]:
        """The paths of a run's records, newest first, one folder of a hundred at a time."""
        track = self._replay.tracks[run]
        folder = layout.folder(run, track.month)
        for hundred in range(layout.hundred_of(track.seq), -1, -1):
            paths = list(self._store.paths(self._tip, f"{folder}/{hundred:02}"))
            paths.sort(key=layout.seq_of, reverse=True)
            yield from paths

    def record(self, seq: int) -> WrittenRecord | None:
        """The record with this number; None where the ledger has none."""
        if not 0 <= seq <= self._replay.head.seq:
            return None

        start = self._start(seq)
        if start.seq - seq <= FAR:
            found = self._walk(start, seq)
            if found is not None:
                return found

        self._learn()
        return self._walk(self._start(seq), seq)

    def commit(self, seq: int) -> CommitId | None:
        """The commit of a record; None where the ledger has no such record."""
        found = self.record(seq)
        if found is None:
            return None
        return found.commit

    def commits(self, after: int, newest: int, base: CommitId | None, end: CommitId) -> Iterable[StoredCommit]:
        """The commits of the records after one number up to the newest, oldest first; others may come before them.

        `end` is the commit of the newest one, and `base` one before all that are wanted, None for the beginning.
        """
        found = self.commit(after)
        if newest - after <= FEW:
            with suppress(Corrupt):  # `found` is not in the history of `end`, or git finds out what is damaged
                return tuple(self._store.since(found or base, end))
        if found is not None:
            commits = iter(self._history.stream(end, found))
            first = next(commits, None)
            if first is not None and first.parents == (found,):
                return chain((first,), commits)
        return self._history.stream(end, base)

    def message(self, message: MessageId) -> WrittenRecord | None:
        """The record that sent a message; None where the ledger has none."""
        seq = self._places.of_message(message)
        found = self._sent(seq, message)
        if found is None:
            self._learn()
            found = self._sent(self._places.of_message(message), message)
        return found

    def _sent(self, seq: int | None, message: MessageId) -> WrittenRecord | None:
        """The record with this number where it sent the message."""
        if seq is None:
            return None
        found = self.record(seq)
        if found is None or getattr(found.record.event, "message", None) != message:
            return None
        return found

    def in_commit(self, prefix: str) -> WrittenRecord | None:
        """The record of the ledger's commit whose id begins like this, with at least four digits; None without one."""
        for identity in self._store.matching(prefix):
            found = self._added_by(CommitId(identity))
            if found is not None:
                return found
        return None

    def _added_by(self, commit: CommitId) -> WrittenRecord | None:
        """The record that a commit of the ledger added; None for any other object."""
        try:
            stored = next(iter(self._store.back(commit)))
            found = self.record(layout.seq_of(_path_in(stored)))
        except GitorchError:  # not a commit, or not one of a ledger
            return None
        if found is None or found.commit != commit:
            return None
        return found

    def _start(self, seq: int) -> Place:
        """The nearest place from which a walk back meets this record."""
        head = Place(self._replay.head.seq, self._tip)
        known = self._places.at_or_above(seq)
        if known is None or known.seq > head.seq:
            return head
        return known

    def _walk(self, start: Place, seq: int) -> WrittenRecord | None:
        """The record, met on the way back from a place; None where the place is wrong."""
        try:
            numbers = range(start.seq, seq - 1, -1)
            for number, commit in zip(numbers, self._store.first_parents(start.commit), strict=False):
                self._places.met(Place(number, commit))

            return self._confirmed(next(iter(self._store.back(commit))), seq)
        except GitorchError:
            if start.commit == self._tip:
                raise
        return None

    def _confirmed(self, commit: StoredCommit, seq: int) -> WrittenRecord | None:
        """The record in a commit, where it has this number and the tip has the same file."""
        path = _path_in(commit)
        if layout.seq_of(path) != seq or self._store.read(self._tip, path) != commit.added[path]:
            return None
        return _written(commit, path)

    def _learn(self) -> None:
        """Read all commits and remember their places anew."""
        self._places.begin_again()
        for commit in self._history.stream(self._tip):
            self._places.note(_written(commit, _path_in(commit)).record, commit.id)


def _kinds(types: Collection[type]) -> frozenset[str]:
    """The released names of these events."""
    if not types:
        return frozenset()
    from gitorch.text.records.released import kind_of_class  # noqa: PLC0415  # 10 ms that `log` without a type does not pay

    return frozenset(kind_of_class(event) for event in types)


def _path_in(commit: StoredCommit) -> str:
    """The path of the record that a commit adds. Raises Corrupt where it adds none."""
    path = record_path(commit)
    if path is None:
        raise Corrupt(f"Commit {commit.id} adds no record.", hint="gitorch verify", where=commit.id)
    return path


def _written(commit: StoredCommit, path: str) -> WrittenRecord:
    """The record in a commit. Raises Corrupt where it cannot be read."""
    from gitorch.text.records.record import decode  # noqa: PLC0415  # 15 ms that other verbs do not pay

    return WrittenRecord(commit.id, decode(path, commit.added[path]))


def records_in(commits: Iterable[StoredCommit], folder: str, after: int) -> Iterator[WrittenRecord]:
    """The records of these commits below a folder whose sequence number is above `after`."""
    from gitorch.text.records.record import decode  # noqa: PLC0415  # 15 ms that reading verbs do not pay

    for commit in commits:
        for path, data in commit.added.items():
            if path.startswith(folder) and layout.is_record(path):
                record = decode(path, data)
                if record.seq > after:
                    yield WrittenRecord(commit.id, record)
