"""Bringing the state up to date: from memory, else from the cache, else from the beginning."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Corrupt, GitorchError, Unavailable
from gitorch.ledger import known_damage, location, lock, newest_objects, trusted_tip
from gitorch.ledger.cache import Cache
from gitorch.ledger.places import Places
from gitorch.ledger.recent import Recent
from gitorch.ledger.run_cache import RunNotCached
from gitorch.ledger.streams import ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from gitorch.ledger.replay import Evolve, Head, Replay, Step
    from gitorch.ledger.trusted_tip import TrustedTip
    from gitorch.ledger.verified import VerifiedLedger
    from gitorch.model.ids import CommitId, RunId
    from gitorch.model.work.board import State
    from gitorch.ports.commits import NewCommit, StoredCommit
    from gitorch.ports.ledger import History, Store

SAVE_AFTER, SAVE_PAUSE_SECONDS = 8, 0.05
"""The cache is saved after this many records or this much time, whichever comes first. At 500 runs a save takes 2 ms, which
appends in a loop need not pay each time. A verb that finds the cache behind pays 50 ms for the codec and the rules."""

FEW = 24
"""Up to this many new commits, reading them from the store is faster than starting git's two processes."""

_VERIFY_TRIES = 5
"""The first can meet a poisoned cache, and any can meet a record that another process has just written."""


class TipIndex:
    """The newest replay of one process."""

    def __init__(self, store: Store, history: History, common: Path, evolve: Evolve) -> None:
        self._store, self._history, self._common, self._evolve = store, history, common, evolve
        self._cache = Cache(common)
        self._memory: Replay | None = None
        self._saved, self._saved_at = -1, -SAVE_PAUSE_SECONDS
        self._recent = Recent(store, common)
        self.places = Places(common)

    def replay(self, run: RunId | None = None) -> Replay:
        """Everything as of the branch's tip, with this run's state in memory; an empty replay where there is no branch.

        Memory comes first, then the cache; a branch that does not continue them is read from its beginning.
        A trusted tip that is older than the branch moves forward. One that names no record is set aside and not believed.

        Raises Corrupt when the branch does not hold the trusted tip, or breaks the chain.
        Raises Corrupt when the branch no longer exists, although this clone has seen a record.
        Raises Busy when another process removes the cache while it is read.
        """
        trusted = trusted_tip.load(self._common)  # before the branch's tip, since it is never ahead of that
        tip = self._store.tip()
        if tip is None:
            if trusted is not None:
                raise self.lost(trusted)
            return self._cache.empty()

        known_damage.ensure_repaired(self._common, self._history)
        try:
            return self._replay(tip, trusted, run)
        except Corrupt as error:
            if trusted is None or self.is_record(trusted):
                known_damage.note(self._common, (error,))
                raise

        trusted_tip.set_aside(self._common)  # a forged one would cost every reader this detour
        return self._replay(tip, None, run)

    def is_record(self, trusted: TrustedTip) -> bool:
        """Whether git has the trusted tip's commit, with a legal history that ends in its record.

        Anything that runs as this user can write the file of the trusted tip, so that it proves a loss only together with
        the lost records. Costs what the whole history costs.
        """
        from gitorch.ledger.leftovers import whole_ledger  # noqa: PLC0415  # for errors only

        head = whole_ledger(self._history, trusted.commit, self._evolve)
        return head is not None and (head.seq, head.digest) == (trusted.seq, trusted.digest)

    def _replay(self, tip: CommitId, trusted: TrustedTip | None, run: RunId | None) -> Replay:
        """The replay up to `tip` from the fastest source that leads there, with a trusted tip written if none is. Raises Corrupt, Busy."""
        # From the fastest to the slowest.
        sources: tuple[Callable[[], Replay | None], ...] = (self._from_memory, self._from_cache, self._from_nothing)
        for source in sources:
            replay = source()
            if replay is None:
                continue

            starts_empty = replay.head.commit is None
            try:
                self._advance(replay, tip, trusted)
                replay.state(run)
            except RunNotCached:
                continue
            except Corrupt as error:
                if starts_empty:
                    raise self._explain(self.cause(error, tip), tip, trusted) from error
                continue  # perhaps a cache of another history: the branch itself is read from its beginning

            self._memory = replay
            if trusted is None:
                self._trust(replay)
            return replay

        raise Busy("The cache was removed while it was read.", hint="try again")

    def verified(self, run: RunId) -> VerifiedLedger:
        """The ledger from git's objects. Memory then holds a replay that agrees with them; a cache that differs is removed.

        Tries again when another process appends meanwhile, and when a cache differed.

        Raises NotFound when there is no ledger.
        Raises Corrupt when an object's content does not match its name, or the ledger lacks the trusted tip.
        Raises Corrupt when the commits do not lead to the records that the tip's tree has.
        """
        from gitorch.ledger.verified import read_verified  # noqa: PLC0415  # 20 ms that few verbs pay

        for _ in range(_VERIFY_TRIES):
            trusted = trusted_tip.load(self._common)
            tip = self._store.tip()
            if tip is None:
                raise self.absent(trusted)
            try:
                verified = read_verified(self._history, tip, self._evolve, run)
            except Corrupt as error:
                cause = self._explain(error, tip, trusted)
                known_damage.note(self._common, (cause,))
                raise cause from error

            self._ensure_holds(trusted, verified)
            replay = self.replay(run)
            if replay.head.commit != tip:
                continue  # another process wrote meanwhile
            if _agree(replay, verified, run):
                return verified
            self.discard()

        raise Corrupt("The ledger's commits do not lead to the records in its tip.", hint="gitorch verify")

    def _ensure_holds(self, trusted: TrustedTip | None, verified: VerifiedLedger) -> None:
        """Raise Corrupt when this ledger lacks the trusted tip, and that is a record."""
        if trusted is None or verified.digest_of.get(trusted.seq) == trusted.digest:
            return
        if self.is_record(trusted):
            raise self.lost(trusted)

    def absent(self, trusted: TrustedTip | None) -> GitorchError:
        """The error when the branch did not exist: NotFound, or Corrupt when this clone has seen a ledger before.

        Busy when another process created the ledger meanwhile: what was found of it is then no trace of a lost one.
        """
        if trusted is not None:
            return self.lost(trusted)

        from gitorch.ledger import damage  # noqa: PLC0415  # for errors only

        error = damage.absent(self._history, self._common, self._evolve)
        if isinstance(error, Corrupt) and self._store.tip() is not None:
            return Busy("Another process has just created the ledger.", hint="try again")
        return error

    def cause(self, symptom: Corrupt, tip: CommitId | None) -> Corrupt:
        """The error of a damaged object, if there is one; otherwise `symptom`, to which it could have led."""
        from gitorch.ledger.verified import read_verified  # noqa: PLC0415  # for errors only

        if tip is None:
            return symptom
        try:
            read_verified(self._history, tip, self._evolve, None)
        except Corrupt as error:
            if known_damage.is_of_object(error):
                return error
        return symptom

    def _explain(self, error: Corrupt, tip: CommitId, trusted: TrustedTip | None) -> Corrupt:
        """The reason why the history of `tip` cannot be replayed: it is not this ledger at all, or else `error`.

        Another history breaks the chain too, and the user must learn the cause instead of the first symptom.
        """
        error = Corrupt(error.message, error.hint or "gitorch recover", error.where)
        if trusted is None or trusted.commit == tip:
            return error

        try:
            for _ in self._store.since(trusted.commit, tip):
                break
        except Corrupt:
            return self.lost(trusted)

        return error

    def lost(self, trusted: TrustedTip) -> Corrupt:
        """The error for a branch without the trusted tip."""
        from gitorch.ledger import damage  # noqa: PLC0415  # for errors only

        return damage.lost(self._history, self._common, trusted, self._evolve)

    def discard(self) -> None:
        """Forget the replay in memory and remove the cache."""
        self._memory = None
        self._cache.remove()

    def catch_up(self) -> None:
        """Read what others wrote, where memory holds a replay to go on from. Errors are left to `replay`."""
        if self._memory is not None:
            with suppress(GitorchError):
                self.replay()

    def _from_memory(self) -> Replay | None:
        """The replay in memory. Memory is empty until it is up to date: a failure can leave it between two records."""
        replay, self._memory = self._memory, None
        return replay

    def _from_cache(self) -> Replay | None:
        """The state that was saved last; None where none was, or where it cannot be read."""
        replay = self._cache.load()
        if replay is not None:
            self._saved = replay.head.seq
            self._ensure_tip_whole()
        return replay

    def _ensure_tip_whole(self) -> None:
        """Raise Corrupt where the newest record's objects are not whole: cache and newest records would answer without them."""
        tip = self._store.tip()
        if tip is not None:
            newest_objects.ensure_whole(self._common, tip)

    def _from_nothing(self) -> Replay:
        """A replay before the first record."""
        self.places.begin_again()
        replay = self._cache.empty()
        self._saved = replay.head.seq
        return replay

    def _advance(self, replay: Replay, tip: CommitId, trusted: TrustedTip | None) -> None:
        """Replay the commits up to `tip`, and make it the trusted tip when it is newer.

        Raises Corrupt when the commits do not lead there, or pass by the trusted tip.
        Raises RunNotCached when the cache has lost a state that one of them needs.
        """
        base = replay.head
        if base.commit == tip:
            # A cache can be as old as a shortened branch.
            if trusted is not None and _is_beyond(trusted, base):
                raise self.lost(trusted)
            return

        commits = self._commits(base, tip, trusted)
        is_met = self._apply(replay, commits, trusted) or _includes(base, trusted)
        if trusted is not None and not is_met:
            raise self.lost(trusted)
        if replay.head.commit != tip:
            raise Corrupt(f"{location.REF} went back from {base.commit} to {tip}.", hint="gitorch recover", where=tip)
        self._trust_newer(replay, trusted)

    def _trust_newer(self, replay: Replay, trusted: TrustedTip | None) -> None:
        """Make the head of this replay the trusted tip, unless that is as new already: a read then writes no file."""
        if trusted is None or trusted.seq < replay.head.seq:
            self._trust(replay)

    def _apply(self, replay: Replay, commits: Iterable[StoredCommit], trusted: TrustedTip | None) -> bool:
        """Replay these commits. Returns whether the trusted tip was among them."""
        is_met = False
        with ended(commits):
            for commit in commits:
                step = replay.apply(commit, self._evolve)
                self.places.note(step.record, step.commit)
                is_met |= trusted is not None and commit.id == trusted.commit
        return is_met

    def _commits(self, base: Head, tip: CommitId, trusted: TrustedTip | None) -> Iterable[StoredCommit]:
        """The commits after `base` up to `tip`, oldest first, by the fastest of three ways.

        How many there are is known only when the tip is the trusted one, whose number was saved with it.
        """
        if base.commit is None:
            return self._history.stream(tip)
        recent = self._recent.since(base.commit, tip)
        if recent is not None:
            return recent
        if trusted is not None and trusted.commit == tip and trusted.seq - base.seq <= FEW:
            return self._store.since(base.commit, tip)
        return self._history.stream(tip, base.commit)

    def extend(self, replay: Replay, tip: CommitId, commits: Iterable[StoredCommit]) -> None:
        """Replay commits up to `tip` that the branch does not hold yet, such as those of another clone.

        Afterwards the replay is at `tip`; the caller moves the branch there and then calls `publish`.
        Raises Corrupt when the commits do not continue the ledger.
        """
        self._memory = None  # until `publish`, this replay is ahead of the branch
        self._apply(replay, commits, None)
        if replay.head.commit != tip:
            raise Corrupt(f"{tip} does not continue the ledger.", hint="gitorch verify", where=tip)

    def publish(self, replay: Replay) -> None:
        """Make this replay the newest, now that the branch holds all of it. Needs the ledger's lock.

        Moves the trusted tip, and saves the cache when that is due. Failing to write either is no error.
        """
        self._memory = replay
        self._trust(replay)
        self._save(replay)

    def adopt(self, replay: Replay, steps: Sequence[Step], commits: Sequence[NewCommit], after: State) -> None:
        """Take in the records that were just written, and their commits. Needs the ledger's lock.

        `steps` are in the order of the ledger and follow the replay's head; `after` is the state after the last.
        A cache that cannot be written is no error.
        """
        self._recent.add(replay.head.commit, [step.commit for step in steps], commits)
        for step in steps:
            replay.adopt(step, after)
            self.places.note(step.record, step.commit)
        self.publish(replay)

    def keep(self) -> None:
        """Save the records that a reader had to replay, unless another process holds the lock.

        Never waits and never raises: the next reader replays the same records again.
        """
        if self._memory is None:
            return
        if self._due(self._memory):
            with suppress(Busy, Unavailable, OSError), lock.hold(self._common, "ledger", 0.0):
                self._save(self._memory)

    def _due(self, replay: Replay) -> bool:
        """Whether the cache is far enough behind to be saved, by records or by time."""
        behind = replay.head.seq - self._saved
        pause = time.monotonic() - self._saved_at
        if pause >= SAVE_PAUSE_SECONDS and self._cache.saved_within(SAVE_PAUSE_SECONDS):
            return False  # another process has just saved it
        if behind >= SAVE_AFTER:
            return True
        return behind > 0 and pause >= SAVE_PAUSE_SECONDS

    def _trust(self, replay: Replay) -> None:
        """Make the head of this replay the trusted tip."""
        head = replay.head
        with suppress(OSError):  # the clone can be read-only; the record itself is safe
            if head.commit is not None:
                trusted_tip.save(self._common, head.seq, head.digest, head.commit)

    def _save(self, replay: Replay) -> None:
        """Save the cache when that is due. Needs the ledger's lock.

        A failed save counts as one, so that a full disk does not delay every append.
        """
        if not self._due(replay):
            return

        with suppress(OSError):  # the cache is disposable
            self._cache.save(replay)
            self.places.save()
        self._saved = replay.head.seq
        self._saved_at = time.monotonic()


def _agree(replay: Replay, verified: VerifiedLedger, run: RunId) -> bool:
    """Whether a replay has the head, the board, and the state and folder of this run that the objects have.

    Other runs are not compared: each verb verifies the run that it is about.
    Raises RunNotCached when the replay has lost the state.
    """
    if (replay.head.seq, replay.head.digest) != (verified.seq, verified.digest):
        return False
    if run not in verified.runs:
        return run not in replay.tracks
    if replay.folder(run, replay.head.at) != verified.folder:
        return False

    return replay.state(run) == verified.state(run)


def _is_beyond(trusted: TrustedTip, head: Head) -> bool:
    """Whether the trusted tip cannot be part of the history that ends at this head."""
    return trusted.seq >= head.seq and trusted.commit != head.commit


def _includes(base: Head, trusted: TrustedTip | None) -> bool:
    """Whether a replay up to `base` includes the trusted tip for certain; true without a trusted tip."""
    if trusted is None:
        return True
    if trusted.commit == base.commit:
        return True
    if base.commit is None:
        return False
    return trusted.seq < base.seq
