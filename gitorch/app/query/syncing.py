"""The ledger of this clone and that of a remote: which of them continues the other, and bringing them together where one does.

Two ledgers that went different ways are never merged: each is a chain, and a record in the middle of one would forge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import NotFound, Refused, Unavailable
from gitorch.model.values import Value
from gitorch.ports.world import PushRef

if TYPE_CHECKING:
    from gitorch.app.services import Tools
    from gitorch.model.ids import CommitId

LEDGER = "refs/heads/gitorch/ledger"


class Compared(Value):
    """How the ledger here stands to that of a remote.

    `stands` is `same`, `ahead` (the remote lacks the newest records of this one), `behind`, `apart` (they went different
    ways), `only-here`, `only-there` or `nowhere`. `here` and `there` are the tips.
    """

    remote: str
    stands: str
    here: CommitId | None
    there: CommitId | None


class Synced(Value):
    """What a sync did: `sent`, `fetched` or nothing, since both held the same; `records` are those that came in."""

    remote: str
    did: str
    tip: CommitId
    records: int = 0


def remote_of(tools: Tools, said: str) -> str:
    """The remote that is meant: the one named, else the one that is pushed to, else the only one. Raises NotFound."""
    names = tools.remotes.names()
    chosen = said or tools.config.push_remote or (names[0] if len(names) == 1 else "origin")
    if chosen not in names:
        known = f"there are {', '.join(names)}" if names else "there is none"
        raise NotFound(f"there is no remote {chosen}; {known}", "git remote -v")
    return chosen


def compare(tools: Tools, remote: str) -> Compared:
    """Ask the remote, and fetch what it has beyond this clone, without moving any branch. Raises Unavailable."""
    here, there = tools.ledger.tip(), tools.remotes.heads(remote, (LEDGER,)).get(LEDGER)
    if there is not None and not tools.git.has(there):
        tools.remotes.fetch(remote, LEDGER)
    return Compared(remote, _stands(tools, here, there), here, there)


def _stands(tools: Tools, here: CommitId | None, there: CommitId | None) -> str:
    if here is None or there is None:
        return "nowhere" if here == there else "only-there" if here is None else "only-here"
    if here == there:
        return "same"
    if tools.git.contains(there, here):
        return "ahead"
    return "behind" if tools.git.contains(here, there) else "apart"


def sync(tools: Tools, remote: str) -> Synced:
    """Bring the shorter ledger up to the longer one, here or there. Raises Refused where neither continues the other."""
    found = compare(tools, remote)
    here, there = found.here, found.there
    if found.stands == "same" and here is not None:
        return Synced(remote, "nothing", here)
    if found.stands in {"behind", "only-there"} and there is not None:
        return Synced(remote, "fetched", there, tools.ledger.follow(there))
    if found.stands in {"ahead", "only-here"} and here is not None:
        said = tools.remotes.push(remote, (PushRef(LEDGER, here, there),))
        if said:
            raise Unavailable(f"{remote} did not take the ledger: {said.splitlines()[0]}", f"gitorch sync {remote}")
        return Synced(remote, "sent", here)
    if found.stands == "nowhere":
        raise NotFound(f"there is no ledger, neither here nor at {remote}", "gitorch init")
    message = f"the ledgers here ({here:.12}) and at {remote} ({there:.12}) went different ways, and are never merged"
    raise Refused(message, f"git log --oneline --left-right {here:.12}...{there:.12}")
