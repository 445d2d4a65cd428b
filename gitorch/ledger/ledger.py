"""The ledger: append-only, hash-chained, one commit a record, on the orphan branch `gitorch/ledger`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Corrupt, NotFound, Refused
from gitorch.ledger import layout, location, lock, trusted_tip
from gitorch.ledger.replay import Step
from gitorch.ledger.tip_index import TipIndex
from gitorch.ports.ledger import Draft, WrittenRecord
from gitorch.text.records import digests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gitorch.ledger.compose import PreparedCommits
    from gitorch.ledger.replay import Evolve, Replay
    from gitorch.model.board import State
    from gitorch.model.ids import CommitId, Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.ports.ledger import History, Store, StoredCommit, Verification

WAIT_SECONDS = 30.0
"""How long a writer waits for its turn before it gives up as Busy. An append takes 3 ms; with eight writers on two cores that
twenty others were using, and a disk that synced for all of them, one waited 10 s."""

_PAUSE_SECONDS = 0.02


class GitLedger:
    """The port `Ledger` on a store of commits. One instance a thread; any number of processes."""

    def __init__(
        self, store: Store, history: History, common: Path, evolve: Evolve, *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._store, self._history, self._common, self._evolve = store, history, common, evolve
        self._wait_seconds = wait_seconds
        self._tip_index = TipIndex(store, history, common, evolve)

    def exists(self) -> bool:
        """See the port."""
        return self._store.tip() is not None

    def tip(self) -> CommitId | None:
        """See the port."""
        return self._store.tip()

    def hold(self, name: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """See the port. The lock `ledger` is the ledger's own: `append` takes it."""
        return lock.hold(self._common, name, wait_seconds)

    def create(self, actor: Actor, at: Moment, ledger: str) -> None:
        """See the port. Raises Corrupt where this clone has seen a ledger and its branch is gone."""
        from gitorch.ledger.compose import compose  # noqa: PLC0415  # what only reads does not pay 15 ms for it
        from gitorch.model.events import LedgerCreated  # noqa: PLC0415  # the same

        with self.hold("ledger", self._wait_seconds):
            tip, first = self._store.tip(), (Draft(LedgerCreated(ledger), {}),)
            if tip is None:
                self._write(None, lambda replay: compose(replay, self._evolve, first, run=None, actor=actor, at=at))
            elif self._store.read(tip, layout.GENESIS_RECORD) is None:
                raise Refused(f"{location.REF} exists and is no ledger.", hint=f"git log {location.REF}")

    def state(self, run: RunId | None) -> State:
        """See the port."""
        replay = self._replay(run)
        if run is not None and run not in replay.tracks:
            raise NotFound(f"There is no run {run}.", hint="gitorch status")
        return replay.state(run)

    def append(
        self, run: RunId | None, actor: Actor, at: Moment, decide: Callable[[State], Sequence[Draft]]
    ) -> tuple[State, tuple[WrittenRecord, ...]]:
        """See the port."""
        with lock.hold(self._common, "ledger", self._wait_seconds, self._tip_index.catch_up):
            return self._write(run, lambda replay: self._decided(replay, run, actor, at, decide))

    def follow(self, tip: CommitId) -> int:
        """See the port."""
        with self.hold("ledger", self._wait_seconds):
            replay = self._tip_index.replay()
            before = replay.head
            self._tip_index.read_on(replay, tip)
            if not self._store.forward(before.commit, tip):
                raise Busy(f"{location.REF} was moved while it was read.", hint="try again")
            self._tip_index.arrived(replay)
            return replay.head.seq - before.seq

    def _decided(
        self, replay: Replay, run: RunId | None, actor: Actor, at: Moment, decide: Callable[[State], Sequence[Draft]]
    ) -> PreparedCommits:
        from gitorch.ledger.compose import compose  # noqa: PLC0415  # the same

        _tip(replay)
        return compose(replay, self._evolve, decide(replay.state(run)), run=run, actor=actor, at=at)

    def _write(
        self, run: RunId | None, make: Callable[[Replay], PreparedCommits]
    ) -> tuple[State, tuple[WrittenRecord, ...]]:
        """Make commits on the newest state until the branch takes them, for a bounded time. With the lock held."""
        deadline = time.monotonic() + self._wait_seconds
        while True:
            replay = self._tip_index.replay(run)
            made = make(replay)
            if not made.commits:
                return made.after, ()
            ids = self._store.extend(replay.head.commit, made.commits)
            if ids is not None:
                break
            if lock.clear_stale(self._common, location.REF):
                continue
            if time.monotonic() > deadline:
                raise Busy(f"{location.REF} was being moved by others for {self._wait_seconds:g} s.", hint="try again")
            time.sleep(_PAUSE_SECONDS)
        steps = [Step(record, commit, digest) for (record, digest), commit in zip(made.records, ids, strict=True)]
        self._tip_index.adopt(replay, steps, made.after)
        return made.after, tuple(WrittenRecord(step.commit, step.record) for step in steps)

    def records(self, run: RunId | None = None, after: int = -1) -> Iterator[WrittenRecord]:
        """See the port."""
        replay = self._replay()
        if run is None:
            if replay.head.seq > after:
                yield from _written(self._history.stream(_tip(replay), self._tip_index.commit_of(after)), "", after)
            return
        track = replay.tracks.get(run)
        if track is None:
            raise NotFound(f"There is no run {run}.", hint="gitorch status")
        if track.seq > after:
            yield from _written(
                self._history.stream(track.last, track.before), f"{layout.folder(run, track.month)}/", after
            )

    def file(self, run: RunId | None, digest: str) -> bytes:
        """See the port."""
        replay = self._replay()
        path = layout.file_path(replay.folder(run, replay.head.at), digest)
        data = self._store.read(_tip(replay), path)
        if data is None:
            raise NotFound(f"No file {digests.bare(digest)[:12]} is attached to {run or 'the ledger'}.")
        if digests.bare(digests.digest(data)) != digests.bare(digest):
            raise Corrupt(f"The file {path} is not what its name says.", hint="gitorch verify", where=path)
        return data

    def verify(self) -> Verification:
        """See the port."""
        from gitorch.ledger.verify import verify  # noqa: PLC0415  # a verb of its own

        seen, tip = trusted_tip.load(self._common), self._store.tip()
        if tip is None:
            raise trusted_tip.lost(seen) if seen else _no_ledger()
        return verify(self._history.stream(tip), self._store, self._evolve, tip, seen)

    def _replay(self, run: RunId | None = None) -> Replay:
        replay = self._tip_index.replay(run)
        _tip(replay)
        self._tip_index.keep()
        return replay


def _tip(replay: Replay) -> CommitId:
    """Its commit. Raises NotFound for a fold of nothing."""
    if replay.head.commit is None:
        raise _no_ledger()
    return replay.head.commit


def _no_ledger() -> NotFound:
    return NotFound("This repository has no ledger.", hint="gitorch init")


def _written(commits: Iterable[StoredCommit], folder: str, after: int) -> Iterator[WrittenRecord]:
    """The records among the files of these commits that lie in a folder and come after a number."""
    from gitorch.text.records.record import decode  # noqa: PLC0415  # the same

    for commit in commits:
        for path, data in commit.added.items():
            if path.startswith(folder) and "/files/" not in path and path not in layout.GENESIS:
                record = decode(path, data)
                if record.seq > after:
                    yield WrittenRecord(commit.id, record)
