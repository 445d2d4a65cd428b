"""Bringing the state up to date: from memory, else from the cache, else from the beginning."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Corrupt, GitorchError
from gitorch.ledger import location, lock, trusted_tip
from gitorch.ledger.cache import Cache
from gitorch.ledger.run_cache import Gone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gitorch.ledger.replay import Evolve, Replay, Step
    from gitorch.ledger.trusted_tip import TrustedTip
    from gitorch.model.board import State
    from gitorch.model.ids import CommitId, RunId
    from gitorch.ports.ledger import History, Store

SAVE_AFTER, SAVE_PAUSE_SECONDS = 8, 0.05
"""The cache is saved after so many records, or after so long, whichever comes first: at 500 runs that costs 2 ms, which
appends in a loop need not pay each time. A verb that finds the cache behind pays 50 ms for the codec and the rules."""

FEW = 24
"""Up to so many new commits the store's own way back is faster than starting git's two processes."""

_RECENT_MAX = 1000


class TipIndex:
    """The newest fold of one process. The remembered tip is read before the branch's, since it never leads it."""

    def __init__(self, store: Store, history: History, common: Path, evolve: Evolve) -> None:
        self._store, self._history, self._common, self._evolve = store, history, common, evolve
        self._cache = Cache(common)
        self._memory: Replay | None = None
        self._saved, self._saved_at = -1, -SAVE_PAUSE_SECONDS
        self._recent: dict[int, CommitId] = {}

    def replay(self, run: RunId | None = None) -> Replay:
        """Everything as of the branch's tip, with this run's state at hand; of nothing where there is no branch.

        Raises Corrupt where the branch does not hold what was seen here before, or breaks the chain.
        """
        seen, tip = trusted_tip.load(self._common), self._store.tip()
        if tip is None:
            if seen:
                raise trusted_tip.lost(seen)
            return self._cache.fresh()
        for known in (self._taken, self._cache.load, self._cache.fresh):
            replay = known()
            if replay is None:
                continue
            first = replay.head.commit is None
            self._saved = self._saved if known == self._taken else replay.head.seq
            try:
                self._advance(replay, tip, seen)
                replay.state(run)
            except Gone:
                continue
            except Corrupt:
                if first:
                    raise
                continue  # a cache of another history: what the branch itself says is read from its beginning
            self._memory = replay
            return replay
        raise Busy("The cache was removed while it was read.", hint="try again")

    def catch_up(self) -> None:
        """Read what others wrote, where there is something in memory to go on from; what is wrong is said by `fold`."""
        if self._memory is not None:
            with suppress(GitorchError):
                self.replay()

    def _taken(self) -> Replay | None:
        """What memory holds, let go until it is up to date again, since a failure half-way leaves it between two records."""
        replay, self._memory = self._memory, None
        return replay

    def _advance(self, replay: Replay, tip: CommitId, seen: TrustedTip | None) -> None:
        base = replay.head
        if base.commit == tip:
            if (
                seen is not None and seen.seq >= base.seq and seen.commit != tip
            ):  # a cache may be as old as a shortened branch
                raise trusted_tip.lost(seen)
            return
        met = seen is None or seen.commit == base.commit or (base.commit is not None and seen.seq < base.seq)
        near = seen is not None and base.commit is not None and seen.commit == tip and seen.seq - base.seq <= FEW
        commits = self._store.since(base.commit, tip) if near else self._history.stream(tip, base.commit)
        for commit in commits:
            self._note(replay.apply(commit, self._evolve))
            met = met or (seen is not None and commit.id == seen.commit)
        if seen is not None and not met:
            raise trusted_tip.lost(seen)
        if replay.head.commit != tip:
            raise Corrupt(f"{location.REF} went back from {base.commit} to {tip}.", hint="gitorch verify", where=tip)
        if seen is None or seen.seq < replay.head.seq:
            self._remember(replay)

    def read_on(self, replay: Replay, tip: CommitId) -> None:
        """Take commits into a fold that the branch does not hold yet. Raises Corrupt where they do not continue it."""
        self._memory = None  # half-way it belongs to neither
        for commit in self._history.stream(tip, replay.head.commit):
            self._note(replay.apply(commit, self._evolve))
        if replay.head.commit != tip:
            raise Corrupt(f"{tip} does not continue the ledger.", hint="gitorch verify", where=tip)

    def arrived(self, replay: Replay) -> None:
        """The branch holds what `read_on` took in. With the ledger's lock held."""
        self._memory = replay
        self._remember(replay)
        self._save(replay)

    def adopt(self, replay: Replay, steps: Sequence[Step], after: State) -> None:
        """Take in what was just written. With the ledger's lock held. Never fails for want of a cache."""
        for step in steps:
            replay.adopt(step, after)
            self._note(step)
        self._memory = replay
        self._remember(replay)
        self._save(replay)

    def keep(self) -> None:
        """Save what a reader had to replay, if nobody is writing."""
        if self._memory is not None and self._due(self._memory):
            with suppress(Busy, OSError), lock.hold(self._common, "ledger", 0.0):
                self._save(self._memory)

    def _due(self, replay: Replay) -> bool:
        behind, pause = replay.head.seq - self._saved, time.monotonic() - self._saved_at
        if pause >= SAVE_PAUSE_SECONDS and self._cache.saved_within(SAVE_PAUSE_SECONDS):
            return False  # somebody else did
        return behind >= SAVE_AFTER or (behind > 0 and pause >= SAVE_PAUSE_SECONDS)

    def commit_of(self, seq: int) -> CommitId | None:
        """The commit of a record that was met lately."""
        return self._recent.get(seq)

    def _note(self, step: Step) -> None:
        self._recent[step.record.seq] = step.commit
        self._recent.pop(step.record.seq - _RECENT_MAX, None)

    def _remember(self, replay: Replay) -> None:
        head = replay.head
        with suppress(OSError):  # a clone that may be read only; the record itself is safe
            if head.commit is not None:
                trusted_tip.save(self._common, head.seq, head.digest, head.commit)

    def _save(self, replay: Replay) -> None:
        if self._due(replay):
            with suppress(OSError):  # the cache is disposable
                self._cache.save(replay)
            self._saved, self._saved_at = replay.head.seq, time.monotonic()
