"""The ledger: append-only, hash-chained, one commit a record, on the orphan branch `gitorch/ledger`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Corrupt, NotFound, Refused
from gitorch.ledger import layout, location, lock, trusted_tip
from gitorch.ledger.replay import Step
from gitorch.ledger.tip_index import Newest
from gitorch.ports.ledger import Draft, Written
from gitorch.text.records import digests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gitorch.ledger.compose import Composed
    from gitorch.ledger.replay import Evolve, Fold
    from gitorch.model.ids import CommitId, Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.model.run import State
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
        self._newest = Newest(store, history, common, evolve)

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
                self._write(None, lambda fold: compose(fold, self._evolve, first, run=None, actor=actor, at=at))
            elif self._store.read(tip, layout.GENESIS_RECORD) is None:
                raise Refused(f"{location.REF} exists and is no ledger.", hint=f"git log {location.REF}")

    def state(self, run: RunId | None) -> State:
        """See the port."""
        fold = self._fold(run)
        if run is not None and run not in fold.tracks:
            raise NotFound(f"There is no run {run}.", hint="gitorch status")
        return fold.state(run)

    def append(
        self, run: RunId | None, actor: Actor, at: Moment, decide: Callable[[State], Sequence[Draft]]
    ) -> tuple[State, tuple[Written, ...]]:
        """See the port."""
        with lock.hold(self._common, "ledger", self._wait_seconds, self._newest.catch_up):
            return self._write(run, lambda fold: self._decided(fold, run, actor, at, decide))

    def follow(self, tip: CommitId) -> int:
        """See the port."""
        with self.hold("ledger", self._wait_seconds):
            fold = self._newest.fold()
            before = fold.head
            self._newest.read_on(fold, tip)
            if not self._store.forward(before.commit, tip):
                raise Busy(f"{location.REF} was moved while it was read.", hint="try again")
            self._newest.arrived(fold)
            return fold.head.seq - before.seq

    def _decided(
        self, fold: Fold, run: RunId | None, actor: Actor, at: Moment, decide: Callable[[State], Sequence[Draft]]
    ) -> Composed:
        from gitorch.ledger.compose import compose  # noqa: PLC0415  # the same

        _tip(fold)
        return compose(fold, self._evolve, decide(fold.state(run)), run=run, actor=actor, at=at)

    def _write(self, run: RunId | None, make: Callable[[Fold], Composed]) -> tuple[State, tuple[Written, ...]]:
        """Make commits on the newest state until the branch takes them, for a bounded time. With the lock held."""
        deadline = time.monotonic() + self._wait_seconds
        while True:
            fold = self._newest.fold(run)
            made = make(fold)
            if not made.commits:
                return made.after, ()
            ids = self._store.extend(fold.head.commit, made.commits)
            if ids is not None:
                break
            if lock.clear_stale(self._common, location.REF):
                continue
            if time.monotonic() > deadline:
                raise Busy(f"{location.REF} was being moved by others for {self._wait_seconds:g} s.", hint="try again")
            time.sleep(_PAUSE_SECONDS)
        steps = [Step(record, commit, digest) for (record, digest), commit in zip(made.records, ids, strict=True)]
        self._newest.adopt(fold, steps, made.after)
        return made.after, tuple(Written(step.commit, step.record) for step in steps)

    def records(self, run: RunId | None = None, after: int = -1) -> Iterator[Written]:
        """See the port."""
        fold = self._fold()
        if run is None:
            if fold.head.seq > after:
                yield from _written(self._history.stream(_tip(fold), self._newest.commit_of(after)), "", after)
            return
        track = fold.tracks.get(run)
        if track is None:
            raise NotFound(f"There is no run {run}.", hint="gitorch status")
        if track.seq > after:
            yield from _written(
                self._history.stream(track.last, track.before), f"{layout.folder(run, track.month)}/", after
            )

    def file(self, run: RunId | None, digest: str) -> bytes:
        """See the port."""
        fold = self._fold()
        path = layout.file_path(fold.folder(run, fold.head.at), digest)
        data = self._store.read(_tip(fold), path)
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

    def _fold(self, run: RunId | None = None) -> Fold:
        fold = self._newest.fold(run)
        _tip(fold)
        self._newest.keep()
        return fold


def _tip(fold: Fold) -> CommitId:
    """Its commit. Raises NotFound for a fold of nothing."""
    if fold.head.commit is None:
        raise _no_ledger()
    return fold.head.commit


def _no_ledger() -> NotFound:
    return NotFound("This repository has no ledger.", hint="gitorch init")


def _written(commits: Iterable[StoredCommit], folder: str, after: int) -> Iterator[Written]:
    """The records among the files of these commits that lie in a folder and come after a number."""
    from gitorch.text.records.record import decode  # noqa: PLC0415  # the same

    for commit in commits:
        for path, data in commit.added.items():
            if path.startswith(folder) and "/files/" not in path and path not in layout.GENESIS:
                record = decode(path, data)
                if record.seq > after:
                    yield Written(commit.id, record)
