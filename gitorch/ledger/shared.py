"""The ledger of a repository whose hosts share it over one remote: nothing is here before it is there.

An append decides on the remote's tip, writes its commits, pushes them with the expected old value, and moves the local
branch forward last. So the local branch is never ahead of the remote and never forced, and `git log` is the same on every
host. Killed at any point: either the remote moved, and the next append or `refresh` follows, or nothing happened.

Where the remote answered a moment ago, its tip is not asked for again: a push that it takes proves that it is still that.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from gitorch.errors import Away, Busy, Corrupt, GitorchError, Refused, Unavailable
from gitorch.ledger import last_contact, location, lock
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.pace import Pace
from gitorch.ledger.signed_records import unsigned
from gitorch.model.named_commits import named_commits
from gitorch.model.path_text import shell_word
from gitorch.model.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from gitorch.ledger.compose import PreparedCommits
    from gitorch.ledger.replay import Evolve, Replay
    from gitorch.model.ids import CommitId, Moment, RunId
    from gitorch.model.record import Actor
    from gitorch.model.work.board import State
    from gitorch.ports.commits import LastContact, StoredCommit, Verification, VerifiedRun, WrittenRecord
    from gitorch.ports.ledger import History, HostKeys, Store, Upstream

ASKED_MS = 10_000
"""How old the remote's last answer may be for a decision that only a push confirms. A lost race costs less than asking each time."""

FEW = 100
"""Up to this many new commits, reading them from the store is faster than starting git's two processes."""


class SharedLedger(GitLedger):
    """The port `Ledger` on a store of commits and the remote that all hosts share.

    Reading asks nobody: it gives the local branch, and `last_contact` tells how old that is. Only `append`, `create` and
    `refresh` contact the remote, and raise Away while it does not answer.
    """

    is_shared = True
    _pause_seconds = 0.0  # the pace of pushes lets others go on

    def __init__(
        self, store: Store, upstream: Upstream, keys: HostKeys, history: History, common: Path, evolve: Evolve
    ) -> None:
        super().__init__(store, history, common, evolve)
        self._upstream, self._keys = upstream, keys
        self._there: CommitId | None = None
        """The remote's tip, as far as this host knows."""
        self._is_assumed = False
        """Whether the present decision is on a tip that was not asked for."""
        self._is_overtaken = False
        """Whether another host was faster than the last push."""
        self._pace = Pace()

    def exists(self) -> bool:
        """Whether there is a ledger; a clone that has none takes over the remote's, as far as the remote answers."""
        if self._store.tip() is None:
            self._refresh_if_possible()
        return super().exists()

    def _refresh_if_possible(self) -> None:
        """Take over what the remote has; nothing happens while it does not answer."""
        try:
            self.refresh()
        except (Unavailable, Busy):
            return

    def create(self, actor: Actor, at: Moment, ledger: str) -> None:
        """Take over the remote's ledger, or create the first one there."""
        self.refresh()
        super().create(actor, at, ledger)

    def refresh(self) -> None:
        """Bring the local branch up to the remote's. Raises Away, Busy.

        Raises Corrupt where the remote's ledger was forced back, replaced or removed; then nothing moves here.
        """
        with lock.hold(self._common, "ledger", self._wait_seconds, self._tip_index.catch_up):
            self._ask()

    def last_contact(self) -> LastContact | None:
        """The last answer of the remote; None before the first."""
        return last_contact.load(self._common)

    def _write(
        self, run: RunId | None, make: Callable[[Replay], PreparedCommits]
    ) -> tuple[State, tuple[WrittenRecord, ...]]:
        """Decide at first on what the remote had a moment ago. Without a push nothing confirms that: the remote is asked."""
        self._is_assumed = self._was_asked_lately()
        try:
            state, written = super()._write(run, make)
        except GitorchError:
            if not self._is_assumed:
                raise
        else:
            if not self._is_assumed:
                return state, written

        self._is_assumed = False
        return super()._write(run, make)

    def _was_asked_lately(self) -> bool:
        """Whether the remote had this branch's tip a moment ago."""
        contact = self.last_contact()
        if contact is None or contact.tip is None or contact.tip != self._store.tip():
            return False
        self._there = contact.tip
        return 0 <= time.time() * 1000 - contact.at < ASKED_MS

    def _catch_up(self) -> None:
        """Adopt what other hosts wrote, unless the remote was asked a moment ago. Needs the ledger's lock."""
        if not self._is_assumed:
            self._ask()

    def _ask(self) -> None:
        """Ask the remote, and adopt what other hosts wrote. Needs the ledger's lock."""
        here = self._store.tip()
        with _away():
            there = self._fetched(here)
        if there != here:
            self._compare(there, here)
        self._there, self._is_overtaken = there, False
        last_contact.save(self._common, self._upstream.name, there)

    def _fetched(self, here: CommitId | None) -> CommitId | None:
        """The remote's tip, which this clone has now. One that has moved for certain is fetched at once."""
        if not self._is_overtaken:
            there = self._upstream.tip()
            if there is None or there == here:
                return there
        try:
            return self._upstream.fetch()
        except Corrupt as error:
            if error.hint:
                raise
            raise self._not_used(error, here, self._upstream.tip()) from error

    def _compare(self, there: CommitId | None, here: CommitId | None) -> None:
        """Adopt the remote's records, unless it lacks some that it had before."""
        if there is None:
            self._ensure_never_there()
            return

        commits = self._continuing(here, there)
        if commits is None:
            return  # the records here are from before this ledger was shared, and the next push brings them along

        try:
            self._require_signed(here, commits)
            self._follow(there, commits)
        except Corrupt as error:
            raise self._not_used(error, here, there) from error

    def _ensure_never_there(self) -> None:
        """Raise Corrupt where the remote had a ledger before."""
        before = self.last_contact()
        if before is not None and before.tip is not None:
            raise self._forced(f"has no ledger any more, and had {before.tip:.12}", before.tip)

    def _continuing(self, here: CommitId | None, there: CommitId) -> Iterable[StoredCommit] | None:
        """The commits after `here` up to `there`, oldest first; None where `there` is older. Raises Corrupt where it was forced."""
        newest: list[StoredCommit] = []
        for commit in islice(self._store.back(there), FEW + 1):
            if commit.id == here:
                return newest[::-1]
            newest.append(commit)

        if here is None or self._is_part(here, there):
            return _Streamed(self._history, there, here)

        before = self.last_contact()
        if not self._is_part(there, here):
            what = f"was replaced by {there:.12}, which does not continue {here:.12}"
            raise self._forced(what, here, f"--force-with-lease={location.REF}:{there} ")
        if before is not None and before.tip != there:
            raise self._forced(f"was forced back to {there:.12} from {here:.12}", here)
        return None

    def _not_used(self, error: Corrupt, here: CommitId | None, there: CommitId | None) -> Corrupt:
        """The error for records of the remote that are not taken over. The hint puts the remote back to what is here."""
        remote, hint = self._upstream.name, error.hint
        if here is not None:
            hint = f"git push --force-with-lease={location.REF}:{there} {shell_word(remote)} {here}:{location.REF}"
        return Corrupt(f"The ledger at {remote} is not used: {error.message}", hint, error.where)

    def _require_signed(self, here: CommitId | None, commits: Iterable[StoredCommit]) -> None:
        """Raise Corrupt for records that no known host signed. A ledger without known hosts has no signatures."""
        known: Mapping[str, str] = {}
        if here is not None:
            known = self._tip_index.replay().board.hosts
        fault = unsigned(self._history, self._keys, known, commits)
        if fault is not None:
            raise fault

    def verify(self, now: Moment | None = None, judge: Callable[[VerifiedRun], object] | None = None) -> Verification:
        """The whole history, and who signed it."""
        verification = super().verify(now, judge)
        if verification.tip is None:
            return verification
        fault = unsigned(self._history, self._keys, {}, _Streamed(self._history, verification.tip, None))
        if fault is None:
            return verification
        return replace(verification, faults=(*verification.faults, fault))

    def _is_part(self, commit: CommitId, of: CommitId) -> bool:
        """Whether a commit is in the history of another. Both must be in this clone."""
        return next(iter(self._history.stream(commit, of)), None) is None

    def _forced(self, what: str, newest: CommitId, lease: str = "") -> Corrupt:
        """The error for a remote that lacks records which it had before. The hint puts them back."""
        remote = self._upstream.name
        return Corrupt(
            f"The ledger at {remote} {what}; nothing of it is used here.",
            hint=f"git push {lease}{shell_word(remote)} {newest}:{location.REF}",
            where=newest,
        )

    def _extend(self, tip: CommitId | None, made: PreparedCommits) -> tuple[CommitId, ...] | None:
        """Push the commits, and move the local branch to them once the remote has them; None where another host was faster."""
        ids = self._store.write(tip, made.commits, self._signature(made))
        self._is_assumed = False
        self._pace.begin()
        with _away():
            is_pushed = self._upstream.push(self._there, ids[-1], tuple(_named_commits(made)))
        self._pace.end(is_pushed)
        self._is_overtaken = not is_pushed
        if not is_pushed:
            return None

        last_contact.save(self._common, self._upstream.name, ids[-1])
        if not self._store.forward(tip, ids[-1]):
            raise Busy(f"{location.REF} was moved by another program.", hint="try again")
        return ids

    def _signature(self, made: PreparedCommits) -> Callable[[str], str] | None:
        """What signs this push; None while the ledger knows no host. Raises Refused on a host that it does not know."""
        hosts = made.after.board.hosts
        if not hosts:
            return None

        writer = made.records[-1][0].actor.host
        if writer not in hosts:
            message = f"this ledger only takes records of hosts that it knows, and {writer} is unknown; `host join` prints the command that adds it"
            raise Refused(message, "gitorch host join")
        return self._keys.sign


class _Streamed:
    """The commits after one up to another, read anew from git whenever they are iterated."""

    def __init__(self, history: History, tip: CommitId, after: CommitId | None) -> None:
        self._history, self._tip, self._after = history, tip, after

    def __iter__(self) -> Iterator[StoredCommit]:
        return iter(self._history.stream(self._tip, self._after))


@contextmanager
def _away() -> Iterator[None]:
    """Tell that the remote does not answer from everything else that can be unavailable."""
    try:
        yield
    except Unavailable as error:
        raise Away(error.message, error.hint) from error


def _named_commits(made: PreparedCommits) -> Iterator[str]:
    """Everything in the new records that looks like the full id of a commit."""
    for record, _ in made.records:
        yield from named_commits(record.event)
