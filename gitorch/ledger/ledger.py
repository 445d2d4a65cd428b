"""The ledger: append-only, hash-chained, one commit a record, on the orphan branch `gitorch/ledger`."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitorch.errors import Busy, Corrupt, NotFound, Refused
from gitorch.ledger import known_damage, layout, location, lock, trusted_tip
from gitorch.ledger.finder import Finder, records_in
from gitorch.ledger.replay import Step
from gitorch.ledger.tip_index import TipIndex
from gitorch.model.values import replace
from gitorch.ports.commits import Draft, VerifiedRun, WrittenRecord
from gitorch.text.records import digests

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gitorch.ledger.compose import PreparedCommits
    from gitorch.ledger.replay import Evolve, Replay, Track
    from gitorch.ledger.trusted_tip import TrustedTip
    from gitorch.model.ids import CommitId, MessageId, Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.model.work.board import State
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import LastContact, StoredCommit, Verification
    from gitorch.ports.ledger import History, Store, T

WAIT_SECONDS = 30.0
"""How long a writer waits for its turn before it raises Busy. An append takes 3 ms, but with eight writers on two busy cores
and one busy disk, a writer was seen to wait 10 s."""


class GitLedger:
    """The port `Ledger` on a store of commits. One instance a thread; any number of processes."""

    is_shared = False
    _pause_seconds = 0.02

    def __init__(
        self, store: Store, history: History, common: Path, evolve: Evolve, *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._store, self._history, self._common, self._evolve = store, history, common, evolve
        self._wait_seconds = wait_seconds
        self._tip_index = TipIndex(store, history, common, evolve)

    def exists(self) -> bool:
        """Whether the ref exists. Raises Corrupt where this clone has seen a ledger, or anything is left of one."""
        if self._store.tip() is not None:
            return True
        trusted = trusted_tip.load(self._common)
        if self._store.tip() is not None:  # created in between
            return True
        absent = self._tip_index.absent(trusted)
        if isinstance(absent, Corrupt):
            raise absent
        return isinstance(absent, Busy)

    def tip(self) -> CommitId | None:
        """The ref's commit."""
        return self._store.tip()

    def hold(self, name: str, wait_seconds: float = 0.0) -> AbstractContextManager[None]:
        """A named lock of this repository. `append` takes the one named `ledger`."""
        return lock.hold(self._common, name, wait_seconds)

    def create(self, actor: Actor, at: Moment, ledger: str) -> None:
        """Write the genesis record. Raises Corrupt where this clone has seen a ledger, or anything is left of one."""
        from gitorch.ledger.compose import compose  # noqa: PLC0415  # 15 ms that reading verbs do not pay
        from gitorch.model.events import LedgerCreated  # noqa: PLC0415  # the same

        with self.hold("ledger", self._wait_seconds):
            tip, first = self._store.tip(), (Draft(LedgerCreated(ledger), {}),)
            if tip is None and not GitLedger.exists(self):
                self._write(None, lambda replay: compose(replay, self._evolve, first, run=None, actor=actor, at=at))
            elif tip is not None and self._store.read(tip, layout.GENESIS_RECORD) is None:
                raise Refused(f"{location.REF} exists, but it is not a ledger.", hint=f"git log {location.REF}")
        self._store.make_durable()

    def state(self, run: RunId | None) -> State:
        """The state at the tip, from the cache where it is up to date. Raises NotFound, Corrupt."""
        replay = self._replay(run)
        if run is not None and run not in replay.tracks:
            raise NotFound(f"There is no run {run}.", hint="gitorch list")
        return replay.state(run)

    def verified(self, run: RunId) -> VerifiedRun:
        """The run from git's objects alone, with the cache brought into line with them."""
        ledger = self._tip_index.verified(run)
        if run not in ledger.runs:
            raise NotFound(f"There is no run {run}.", hint="gitorch list")
        return VerifiedRun(ledger.state(run), ledger.records)

    def append(
        self, run: RunId | None, actor: Actor, at: Moment, decide: Callable[[State], Sequence[Draft]]
    ) -> tuple[State, tuple[WrittenRecord, ...]]:
        """Decide and write with the ledger's lock held; other clones and git are excluded by compare-and-swap."""
        with lock.hold(self._common, "ledger", self._wait_seconds, self._tip_index.catch_up):
            written = self._write(run, lambda replay: self._prepare(replay, run, actor, at, decide))

        if written[1]:
            self._store.make_durable()  # after the lock: the next writer works meanwhile, and one sync serves both
        return written

    def refresh(self) -> None:
        """Nothing: this clone alone has the ledger."""

    def last_contact(self) -> LastContact | None:
        """None: no remote is asked."""
        return None

    def follow(self, tip: CommitId) -> int:
        """Replay the new commits, then move the branch to them. Raises Corrupt, Busy."""
        with self.hold("ledger", self._wait_seconds):
            return self._follow(tip)

    def _follow(self, tip: CommitId, commits: Iterable[StoredCommit] | None = None) -> int:
        """Adopt the records up to `tip`, which `commits` lead to. Returns their number. Needs the ledger's lock."""
        replay = self._tip_index.replay()
        before = replay.head
        if commits is None:
            commits = self._history.stream(tip, before.commit)
        self._tip_index.extend(replay, tip, commits)
        if not self._store.forward(before.commit, tip):
            raise Busy(f"{location.REF} was moved while it was read.", hint="try again")
        self._store.make_durable()
        self._tip_index.publish(replay)
        return replay.head.seq - before.seq

    def _prepare(
        self, replay: Replay, run: RunId | None, actor: Actor, at: Moment, decide: Callable[[State], Sequence[Draft]]
    ) -> PreparedCommits:
        """Ask `decide` for drafts and work out their commits. Raises NotFound where there is no ledger."""
        from gitorch.ledger.compose import compose  # noqa: PLC0415  # the same

        self._tip_of(replay)
        return compose(replay, self._evolve, decide(replay.state(run)), run=run, actor=actor, at=at)

    def _write(
        self, run: RunId | None, make: Callable[[Replay], PreparedCommits]
    ) -> tuple[State, tuple[WrittenRecord, ...]]:
        """Make commits on the newest state until the branch takes them, for a bounded time. Needs the ledger's lock."""
        deadline = time.monotonic() + self._wait_seconds
        while True:
            self._catch_up()
            replay = self._tip_index.replay(run)
            made = make(replay)
            if not made.commits:
                return made.after, ()
            if not replay.is_continuable(self._store.message):
                self._tip_index.discard()
                continue
            ids = self._extend(replay.head.commit, made)
            if ids is not None:
                break
            if lock.clear_stale(self._common, location.REF):
                continue
            if time.monotonic() > deadline:
                raise Busy(f"{location.REF} was being moved by others for {self._wait_seconds:g} s.", hint="try again")
            time.sleep(self._pause_seconds)
        return self._adopt(made, ids, replay)

    def _catch_up(self) -> None:
        """Bring the branch up to what other hosts wrote, before a decision. A ledger of this clone alone has no others."""

    def _extend(self, tip: CommitId | None, made: PreparedCommits) -> tuple[CommitId, ...] | None:
        """Make these commits the newest; None where the branch had moved. Needs the ledger's lock."""
        return self._store.extend(tip, made.commits)

    def _adopt(
        self, made: PreparedCommits, ids: tuple[CommitId, ...], replay: Replay
    ) -> tuple[State, tuple[WrittenRecord, ...]]:
        """Bring the index up to date with the commits that were just written."""
        steps, written = [], []
        for (record, digest), commit in zip(made.records, ids, strict=True):
            steps.append(Step(record, commit, digest))
            written.append(WrittenRecord(commit, record))
        self._tip_index.adopt(replay, steps, made.commits, made.after)
        return made.after, tuple(written)

    def records(self, run: RunId | None = None, after: int = -1, last: int | None = None) -> Iterator[WrittenRecord]:
        """Records from the commits that hold them: only the commits of the range, or of the run's part of it, are read."""
        replay = self._replay()
        finder = self._finder(replay)
        newest, base, end, folder = replay.head.seq, None, self._tip_of(replay), ""
        if run is not None:
            track = _track_of(replay, run)
            newest, base, end, folder = track.seq, track.before, track.last, f"{layout.folder(run, track.month)}/"

        if last is not None and last < newest:
            newest = last
            end = finder.commit(last) or end
        if newest > after:
            with self._reading():
                commits = finder.commits(after, newest, base, end)
                yield from records_in(commits, folder, after)

    def newest(self, run: RunId | None = None, types: Collection[type] = ()) -> Iterator[WrittenRecord]:
        """Records from the newest back, each read when it is asked for."""
        replay = self._replay()
        if run is not None:
            _track_of(replay, run)
        with self._reading():
            yield from self._finder(replay).newest(run, types)

    def record(self, seq: int) -> WrittenRecord:
        """The record with this number, found from the nearest known place. Raises NotFound."""
        return self._found(lambda finder: finder.record(seq), f"The ledger has no record {seq}.", "gitorch log")

    def message(self, message: MessageId) -> WrittenRecord:
        """The record by which a message was sent. Raises NotFound."""
        return self._found(lambda finder: finder.message(message), f"There is no message {message}.", "gitorch inbox")

    def in_commit(self, prefix: str) -> WrittenRecord:
        """The record that a commit of the ledger added. Raises NotFound."""
        missing = f"The ledger has no record in commit {prefix}."
        return self._found(lambda finder: finder.in_commit(prefix), missing, "gitorch log")

    def _found(self, find: Callable[[Finder], WrittenRecord | None], missing: str, hint: str) -> WrittenRecord:
        """What a finder finds. Raises NotFound with this message and hint where that is nothing."""
        with self._reading():
            found = find(self._finder(self._replay()))
        if found is None:
            raise NotFound(missing, hint=hint)
        return found

    def summaries(self, name: str, summarize: Callable[[Run], T]) -> Mapping[RunId, T]:
        """What `summarize` makes of each run, kept beside the cached states."""
        replay = self._replay()
        newest = {run: track.seq for run, track in replay.tracks.items()}
        return replay.run_cache.summaries(name, newest, lambda run: self.state(run).run, summarize)

    def span(self, run: RunId) -> tuple[int, int]:
        """The numbers of a run's first and newest records. Raises NotFound."""
        replay = self._replay()
        track = _track_of(replay, run)
        paths = self._store.paths(self._tip_of(replay), layout.folder(run, track.month))
        first = min(layout.seq_of(path) for path in paths if layout.is_record(path))
        return first, track.seq

    def _finder(self, replay: Replay) -> Finder:
        """What finds single records as of this replay. Raises NotFound where there is no ledger."""
        return Finder(self._store, self._history, self._tip_index.places, replay, self._tip_of(replay))

    def file(self, run: RunId | None, digest: str) -> bytes:
        """The bytes of an attached file. Raises NotFound, and Corrupt where they do not match the digest."""
        replay = self._replay()
        path = layout.file_path(replay.folder(run, replay.head.at), digest)
        with self._reading():
            data = self._store.read(self._tip_of(replay), path)
        if data is None:
            owner = run or "the ledger"
            raise NotFound(f"No file {digests.bare(digest)[:12]} is attached to {owner}.")
        if digests.bare(digests.digest(data)) != digests.bare(digest):
            raise Corrupt(
                f"The content of the file {path} does not match the digest in its name.",
                hint="gitorch verify",
                where=path,
            )

        return data

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Name the object behind an error of reading old records, and remember it for the verbs that read none."""
        try:
            yield
        except Corrupt as error:
            cause = self._tip_index.cause(error, self._store.tip())
            known_damage.note(self._common, (cause,))
            if cause is error:
                raise
            raise cause from error

    def verify(self, now: Moment | None = None, judge: Callable[[VerifiedRun], object] | None = None) -> Verification:
        """Stream the whole history and check it. Raises NotFound where there is no ledger, Corrupt where it is lost."""
        from gitorch.ledger.verify import Baseline, verify  # noqa: PLC0415  # only one verb needs it

        trusted, tip = trusted_tip.load(self._common), self._store.tip()
        if tip is None:
            raise self._tip_index.absent(trusted)

        has_refused_tip = trusted_tip.refused_path(self._common).exists()
        baseline = Baseline(tip, trusted, now, self._lost_record, has_refused_tip)
        verification = verify(self._history, self._store, self._evolve, baseline, judge)
        if not verification.faults:
            return verification

        verification = self._with_cause(verification, tip)
        known_damage.note(self._common, verification.faults)
        return verification

    def _with_cause(self, verification: Verification, tip: CommitId) -> Verification:
        """The same result. If none of its faults names the damaged object, one that does is added in front."""
        cause = self._tip_index.cause(verification.faults[0], tip)
        if any(fault.message == cause.message for fault in verification.faults):
            return verification
        return replace(verification, faults=(cause, *verification.faults))

    def _lost_record(self, trusted: TrustedTip) -> Corrupt | None:
        """The error for a branch without the trusted tip; None where that is no record."""
        if self._tip_index.is_record(trusted):
            return self._tip_index.lost(trusted)
        return None

    def damage(self) -> Corrupt | None:
        """Read everything from objects; an error comes with the command that restores the ledger."""
        from gitorch.ledger import damage  # noqa: PLC0415  # only one verb needs it

        trusted = trusted_tip.load(self._common)
        try:
            tip = self._store.tip()
        except Corrupt as error:
            return damage.with_new_ref(self._history, self._common, error, self._evolve)

        if tip is None:
            return self._lost_branch(trusted)

        found = self._read_error(tip) or self._replay_error()
        if found is None:
            return None
        known_damage.note(self._common, (found,))
        if damage.is_of_object(found):
            return damage.with_remedy(self._common, found)

        intact = self._newest_intact(tip, trusted)
        if intact is None:
            return damage.with_remedy(self._common, found)
        return Corrupt(found.message, f"git update-ref {location.REF} {intact}", found.where)

    def _newest_intact(self, tip: CommitId, trusted: TrustedTip | None) -> CommitId | None:
        """The newest commit up to which everything holds, of the branch or of the trusted tip; None without any."""
        from gitorch.ledger.leftovers import intact_part  # noqa: PLC0415  # only one verb needs it

        head = intact_part(self._history, tip, self._evolve)
        if trusted is not None and trusted.seq > head.seq and self._tip_index.is_record(trusted):
            return trusted.commit
        return head.commit

    def _lost_branch(self, trusted: TrustedTip | None) -> Corrupt:
        """The error for a branch that existed before. Raises NotFound when this clone has never seen it."""
        absent = self._tip_index.absent(trusted)
        if isinstance(absent, Corrupt):
            return absent
        raise absent

    def _read_error(self, tip: CommitId) -> Corrupt | None:
        """The error that the objects of a history lead to, or None where they hold."""
        from gitorch.ledger.verified import read_verified  # noqa: PLC0415  # only one verb needs it

        try:
            read_verified(self._history, tip, self._evolve, None)
        except Corrupt as error:
            return error

        return None

    def _replay_error(self) -> Corrupt | None:
        """The error that every other verb meets, or None."""
        try:
            self._tip_index.replay()
        except Corrupt as error:
            return error
        return None

    def _replay(self, run: RunId | None = None) -> Replay:
        """The replay at the tip, saved to the cache when that is due. Raises NotFound where there is no ledger."""
        replay = self._tip_index.replay(run)
        self._tip_of(replay)
        self._tip_index.keep()
        return replay

    def _tip_of(self, replay: Replay) -> CommitId:
        """The commit of its head. Raises NotFound where no record was replayed, Corrupt where a ledger left traces."""
        if replay.head.commit is None:
            raise self._tip_index.absent(None)
        return replay.head.commit


def _track_of(replay: Replay, run: RunId) -> Track:
    """Where a run's records are. Raises NotFound for an unknown run."""
    track = replay.tracks.get(run)
    if track is None:
        raise NotFound(f"There is no run {run}.", hint="gitorch list")
    return track
