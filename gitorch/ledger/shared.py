"""The ledger of a repository whose hosts share it over one remote: nothing is here before it is there.

An append decides on the remote's tip, writes its commits, pushes them with the expected old value, and moves the local
branch forward last. So the local branch is never ahead of the remote and never forced, and `git log` is the same on every
host. Killed at any point: either the remote moved, and the next append or `refresh` follows, or nothing happened.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitorch.errors import Away, Busy, Corrupt, Refused, Unavailable
from gitorch.ledger import last_contact, location, lock
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.signed_records import unsigned
from gitorch.model.values import names_of, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gitorch.ledger.compose import PreparedCommits
    from gitorch.ledger.replay import Evolve
    from gitorch.model.ids import CommitId, Moment
    from gitorch.model.record import Actor
    from gitorch.ports.ledger import History, HostKeys, LastContact, Store, Upstream, Verification

_COMMIT_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


class SharedLedger(GitLedger):
    """The port `Ledger` on a store of commits and the remote that all hosts share.

    Reading asks nobody: it gives the local branch, and `last_contact` tells how old that is. Only `append`, `create` and
    `refresh` contact the remote, and raise Away while it does not answer.
    """

    is_shared = True

    def __init__(
        self, store: Store, upstream: Upstream, keys: HostKeys, history: History, common: Path, evolve: Evolve
    ) -> None:
        super().__init__(store, history, common, evolve)
        self._upstream, self._keys = upstream, keys
        self._there: CommitId | None = None
        """The remote's tip, as of the last `_catch_up`."""

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
            self._catch_up()

    def last_contact(self) -> LastContact | None:
        """The last answer of the remote; None before the first."""
        return last_contact.load(self._common)

    def _catch_up(self) -> None:
        """Ask the remote, and adopt what other hosts wrote. Needs the ledger's lock."""
        with _away():
            there = self._upstream.tip()
        here = self._store.tip()
        if there != here:
            self._compare(there, here)
        self._there = there
        last_contact.save(self._common, self._upstream.name, there)

    def _compare(self, there: CommitId | None, here: CommitId | None) -> None:
        """Adopt the remote's records, unless it lacks some that it had before."""
        before = last_contact.load(self._common)
        if there is None:
            if before is not None and before.tip is not None:
                raise self._forced(f"has no ledger any more, and had {before.tip:.12}", before.tip)
            return

        with _away():
            self._upstream.fetch()
        if here is not None and self._is_part(there, here):
            if before is not None and before.tip != there:
                raise self._forced(f"was forced back to {there:.12} from {here:.12}", here)
            return  # records from before this ledger was shared, which the next push brings along

        if here is not None and not self._is_part(here, there):
            what = f"was replaced by {there:.12}, which does not continue {here:.12}"
            raise self._forced(what, here, f"--force-with-lease={location.REF}:{there} ")
        self._require_signed(here, there)
        self._follow(there)

    def _require_signed(self, here: CommitId | None, there: CommitId) -> None:
        """Raise Corrupt for records that no known host signed. A ledger without known hosts has no signatures."""
        known: Mapping[str, str] = {}
        if here is not None:
            known = self._tip_index.replay().board.hosts
        fault = unsigned(self._history, self._keys, known, here, there)
        if fault is None:
            return

        hint = f"git push --force-with-lease={location.REF}:{there} {self._upstream.name} {here}:{location.REF}"
        message = f"The ledger at {self._upstream.name} is not used: {fault.message}"
        raise Corrupt(message, hint if here else fault.hint, fault.where)

    def verify(self, now: Moment | None = None) -> Verification:
        """The whole history, and who signed it."""
        verification = super().verify(now)
        if verification.tip is None:
            return verification
        fault = unsigned(self._history, self._keys, {}, None, verification.tip)
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
            hint=f"git push {lease}{remote} {newest}:{location.REF}",
            where=newest,
        )

    def _extend(self, tip: CommitId | None, made: PreparedCommits) -> tuple[CommitId, ...] | None:
        """Push the commits, and move the local branch to them once the remote has them; None where another host was faster."""
        ids = self._store.write(tip, made.commits, self._signature(made))
        with _away():
            is_pushed = self._upstream.push(self._there, ids[-1], tuple(_named_commits(made)))
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
            message = f"this ledger takes records of known hosts alone, and {writer} is none"
            raise Refused(message, "gitorch host join")
        return self._keys.sign


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
        for name in names_of(type(record.event)):
            yield from _commits_in(getattr(record.event, name))


def _commits_in(value: object) -> Iterator[str]:
    """What looks like a full id in the value of a field."""
    parts: tuple[object, ...] = (value,)
    if isinstance(value, tuple):
        parts = value

    for part in parts:
        if isinstance(part, str) and _COMMIT_ID.fullmatch(part):
            yield part
