"""The ledger of this clone and that of a remote: which of them continues the other, and bringing them together where one does.

Two ledgers that went different ways are never merged: each is a chain, and a record in the middle of one would forge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Refused, Unavailable
from gitorch.model.values import Value
from gitorch.ports.world import PushRef

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId

LEDGER = "refs/heads/gitorch/ledger"


class Comparison(Value):
    """How the ledger here stands to that of a remote.

    `stands` is `same`, `ahead` (the remote lacks the newest records of this one), `behind`, `apart` (they went different
    ways), `only-here`, `only-there` or `nowhere`. `here` and `there` are the tips.
    """

    remote: str
    stands: str
    here: CommitId | None
    there: CommitId | None


class SyncResult(Value):
    """What a sync did: `sent`, `fetched` or nothing, since both held the same; `records` are those that came in."""

    remote: str
    did: str
    tip: CommitId
    records: int = 0


def remote_of(services: Services, said: str) -> str:
    """The remote that is meant: the one named, else the one that is pushed to, else the only one. Raises NotFound."""
    names = services.remotes.names()
    chosen = said or services.config.push_remote or (names[0] if len(names) == 1 else "origin")
    if chosen not in names:
        known = f"there are {', '.join(names)}" if names else "there is none"
        raise NotFound(f"there is no remote {chosen}; {known}", "git remote -v")
    return chosen


def compare(services: Services, remote: str) -> Comparison:
    """Ask the remote, and fetch what it has beyond this clone, without moving any branch. Raises Unavailable."""
    here, there = services.ledger.tip(), services.remotes.heads(remote, (LEDGER,)).get(LEDGER)
    if there is not None and not services.git.has(there):
        services.remotes.fetch(remote, LEDGER)
    return Comparison(remote, _stands(services, here, there), here, there)


def _stands(services: Services, here: CommitId | None, there: CommitId | None) -> str:
    if here is None or there is None:
        return "nowhere" if here == there else "only-there" if here is None else "only-here"
    if here == there:
        return "same"
    if services.git.contains(there, here):
        return "ahead"
    return "behind" if services.git.contains(here, there) else "apart"


def sync(services: Services, remote: str) -> SyncResult:
    """Bring the shorter ledger up to the longer one, here or there. Raises Refused where neither continues the other."""
    found = compare(services, remote)
    here, there = found.here, found.there
    if found.stands == "same" and here is not None:
        return SyncResult(remote, "nothing", here)
    if found.stands in {"behind", "only-there"} and there is not None:
        return SyncResult(remote, "fetched", there, services.ledger.follow(there))
    if found.stands in {"ahead", "only-here"} and here is not None:
        said = services.remotes.push(remote, (PushRef(LEDGER, here, there),))
        if said:
            raise Unavailable(f"{remote} did not take the ledger: {said.splitlines()[0]}", f"gitorch sync {remote}")
        return SyncResult(remote, "sent", here)
    if found.stands == "nowhere":
        raise NotFound(f"there is no ledger, neither here nor at {remote}", "gitorch init")
    message = f"the ledgers here ({here:.12}) and at {remote} ({there:.12}) went different ways, and are never merged"
    raise Refused(message, f"git log --oneline --left-right {here:.12}...{there:.12}")
