"""Comparing the ledger of this clone with that of a remote, and bringing the shorter one up to the longer one.

Two ledgers that diverged are never merged: each is a chain, and a record inserted into one would forge it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.seen_ledgers import require_kept
from gitorch.app.query.target import shared_remote
from gitorch.errors import NotFound, Refused, Unavailable
from gitorch.model.path_text import shell_word
from gitorch.model.values import Value
from gitorch.model.words import Words
from gitorch.model.work.proposal import APPROVALS_REF
from gitorch.ports.git import PushRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId

LEDGER_REF = "refs/heads/gitorch/ledger"


class Stand(Words):
    """How the ledger of this clone stands to that of a remote."""

    SAME = "same"
    AHEAD = "ahead"
    """The remote lacks the newest records of this clone."""
    BEHIND = "behind"
    """This clone lacks the newest records of the remote."""
    APART = "apart"
    """Each has records that the other lacks."""
    ONLY_HERE = "only-here"
    ONLY_THERE = "only-there"
    NOWHERE = "nowhere"


class Comparison(Value):
    """The ledger of this clone and that of a remote."""

    remote: str
    stand: Stand
    here: CommitId | None
    """The tip of this clone's ledger."""
    there: CommitId | None
    """The tip of the remote's ledger."""


class SyncResult(Value):
    """What a sync did."""

    remote: str
    did: str
    """`sent`, `fetched`, or `nothing` because both held the same."""
    tip: CommitId
    records: int = 0
    """How many records were fetched."""


def choose_remote(services: Services, name: str) -> str:
    """The remote that is named, otherwise the one that merges are pushed to, otherwise the only one.

    `origin` is chosen where there are several and the configuration names none.
    Raises NotFound where there is no such remote, with those that there are.
    """
    remotes = services.remotes.names()
    chosen = name or services.config.push_remote or _usual_remote(remotes)
    if chosen in remotes:
        return chosen

    if not remotes:
        raise NotFound("this repository has no remote", f"git remote add {shell_word(chosen)} URL")

    raise NotFound(f"there is no remote {chosen}, only {', '.join(remotes)}", "git remote -v")


def _usual_remote(remotes: Sequence[str]) -> str:
    """The only remote, otherwise `origin`, whether it exists or not."""
    if len(remotes) == 1:
        return remotes[0]

    return "origin"


def compare(services: Services, remote: str) -> Comparison:
    """Ask the remote, and fetch what its ledger and its branch of approvals have beyond this clone, without moving any branch.

    The objects that were fetched stay, named by nothing, so that a following `sync` need not fetch them again.
    Raises Unavailable where the remote does not answer, Corrupt where its ledger lost records that this clone has seen there.
    """
    here = services.ledger.tip()
    heads = services.remotes.heads(remote, (LEDGER_REF, APPROVALS_REF))
    for ref, tip in heads.items():
        if not services.git.has(tip):
            services.remotes.fetch(remote, ref)
    there = heads.get(LEDGER_REF)
    require_kept(services, remote, there)
    return Comparison(remote, _stand(services, here, there), here, there)


def _stand(services: Services, here: CommitId | None, there: CommitId | None) -> Stand:
    """How two tips stand to each other; None is a ledger that does not exist. Both commits must be in this clone."""
    if here is None:
        if there is None:
            return Stand.NOWHERE

        return Stand.ONLY_THERE

    if there is None:
        return Stand.ONLY_HERE

    if here == there:
        return Stand.SAME

    return _order(services, here, there)


def _order(services: Services, here: CommitId, there: CommitId) -> Stand:
    """Which of two different tips continues the other."""
    if services.git.contains(there, here):
        return Stand.AHEAD

    if services.git.contains(here, there):
        return Stand.BEHIND

    return Stand.APART


def sync(services: Services, remote: str) -> SyncResult:
    """Bring the shorter ledger up to the longer one, here or there; nothing is done where both are the same.

    Raises NotFound where there is no ledger, neither here nor there.
    Raises Refused where the two diverged: they are never merged.
    Raises Unavailable where the remote does not answer or takes no push.
    """
    fetched = _refreshed(services, remote)
    done = _sync(services, remote)
    if fetched and done.did == "nothing":
        return SyncResult(remote, "fetched", done.tip, fetched)

    return done


def _refreshed(services: Services, remote: str) -> int:
    """How many records a ledger that hosts share over this remote got from it, with the commits that these name."""
    if shared_remote(services) != remote:
        return 0

    before = _count(services)
    services.ledger.refresh()
    return _count(services) - before


def _count(services: Services) -> int:
    """The number of records in this clone's ledger."""
    for newest in services.ledger.newest():
        return newest.record.seq + 1

    return 0


def _sync(services: Services, remote: str) -> SyncResult:
    """Fetch or send by a plain comparison of the two ledgers."""
    comparison = compare(services, remote)
    here, there = comparison.here, comparison.there
    if comparison.stand is Stand.SAME and here is not None:
        return SyncResult(remote, "nothing", here)

    if comparison.stand in {Stand.BEHIND, Stand.ONLY_THERE} and there is not None:
        return SyncResult(remote, "fetched", there, services.ledger.follow(there))

    if comparison.stand in {Stand.AHEAD, Stand.ONLY_HERE} and here is not None:
        return _send(services, remote, here, there)

    if comparison.stand is Stand.NOWHERE:
        raise NotFound(f"there is no ledger, neither here nor at {remote}", "gitorch init")

    message = f"the ledgers here ({here:.12}) and at {remote} ({there:.12}) went different ways, and are never merged"
    raise Refused(message, f"git log --oneline --left-right {here:.12}...{there:.12}")


def _send(
    services: Services,
    remote: str,
    here: CommitId,
    there: CommitId | None,
) -> SyncResult:
    """Push this clone's ledger, if the remote's is still at `there`. Raises Unavailable where it takes no push."""
    refusal = services.remotes.push(remote, (PushRef(LEDGER_REF, here, there),))
    if refusal:
        raise Unavailable(
            f"{remote} did not take the ledger: {refusal.splitlines()[0]}", f"gitorch sync {shell_word(remote)}"
        )

    require_kept(services, remote, here)
    return SyncResult(remote, "sent", here)
