"""The ledger against what was noted of it elsewhere: a tag or a remote. What it lost of that is named, from which record on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.syncing import compare, remote_of
from gitorch.errors import Corrupt, NotFound
from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId


class AnchorCheck(Value):
    """How the ledger stands to an anchor: `fault` where the two contradict each other, `told` for what is worth knowing."""

    fault: Corrupt | None = None
    told: str = ""


def against_tag(services: Services, records: int, tip: CommitId, name: str) -> AnchorCheck:
    """Every record up to a tag must be there; it may be of any clone's making. Raises NotFound for a tag of something else."""
    tagged = services.git.tag(name)
    if tagged is None:
        raise NotFound(f"there is no tag {name[:200]!r}", "git tag --list")
    if services.git.contains(tagged, tip):
        number = records - len(services.git.commits_since(tagged, tip)) - 1
        return AnchorCheck(
            told=f"Tag {name} names record {number}, which is part of it; who made it: git verify-tag {name}"
        )
    if not services.git.is_ledger(tagged):
        raise NotFound(f"tag {name} names {tagged:.12}, which is no record of a ledger", f"git show --stat {name}")
    lost = _lost(services, records, tip, tagged)
    message = f"The ledger was shortened or replaced: tag {name} names records that are no part of it, {lost}."
    return AnchorCheck(Corrupt(message, f"git log {tip:.12}..{tagged:.12}", tagged))


def against_remote(services: Services, records: int, said: str) -> AnchorCheck:
    """What a remote's ledger says about this one. Raises NotFound, Unavailable."""
    seen = compare(services, remote_of(services, said))
    if seen.here is not None and seen.there is not None and seen.stands in {"apart", "behind"}:
        lost = _lost(services, records, seen.here, seen.there)
        if seen.stands == "behind":
            return AnchorCheck(
                told=f"{seen.remote} has records that this ledger lacks, {lost}: gitorch sync {seen.remote}"
            )
        message = f"{seen.remote} holds another history: the ledgers part with {lost}."
        hint = f"git log --oneline --left-right {seen.here:.12}...{seen.there:.12}"
        return AnchorCheck(Corrupt(message, hint, seen.remote))
    told = {
        "ahead": f"{seen.remote} does not have the newest records yet: gitorch sync {seen.remote}",
        "only-here": f"{seen.remote} has no ledger: gitorch sync {seen.remote}",
    }
    return AnchorCheck(told=told.get(seen.stands, ""))


def _lost(services: Services, records: int, here: CommitId, there: CommitId) -> str:
    """The first record that one history has and this one has not: each commit brings one, so that commits count records."""
    number = records - len(services.git.commits_since(there, here))
    missing = services.git.subjects(here, there)
    return f"{len(missing)} from record {number} on ({missing[0] if missing else there[:12]})"
