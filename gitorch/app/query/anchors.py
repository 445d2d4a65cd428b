"""The ledger compared with an anchor, a tag or a remote that remembers its tip: what the ledger has lost since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.syncing import Stand, choose_remote, compare
from gitorch.errors import Corrupt, NotFound
from gitorch.model.path_text import shell_word
from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId


class AnchorCheck(Value):
    """The result of comparing the ledger with an anchor."""

    fault: Corrupt | None = None
    """Set where the two contradict each other."""
    note: str = ""
    """Something worth knowing that is no fault."""


def check_tag(
    services: Services,
    records: int,
    tip: CommitId,
    name: str,
) -> AnchorCheck:
    """Compare with a tag: every record up to it must be part of the ledger. `records` is their number at `tip`.

    The note names the record of the tag. Who made the tag is not checked; the note names the command that does.
    Raises NotFound for a tag that does not exist or names no record.
    """
    tagged = services.git.tag(name)
    if tagged is None:
        raise NotFound(f"there is no tag {name[:200]!r}", "git tag --list")

    if services.git.contains(tagged, tip):
        number = records - len(services.git.commits_since(tagged, tip)) - 1
        note = f"Tag {name} names record {number}, which is part of it; who made it: git verify-tag {name}"
        return AnchorCheck(note=note)

    if not services.git.is_ledger(tagged):
        raise NotFound(f"tag {name} names {tagged:.12}, which is not a record of a ledger", f"git show --stat {name}")

    missing = _missing(services, records, tip, tagged)
    message = f"The ledger was shortened or replaced: tag {name} names records that are no part of it, {missing}."
    return AnchorCheck(Corrupt(message, f"git log {tip:.12}..{tagged:.12}", tagged))


def check_remote(services: Services, records: int, name: str) -> AnchorCheck:
    """Compare with a remote's ledger, that of the default remote for an empty name; `records` are those of this clone.

    A ledger that is only longer than the other is no fault. Neither ledger is moved.
    Raises NotFound without the remote, Unavailable where it does not answer.
    """
    comparison = compare(services, choose_remote(services, name))
    remote, here, there = comparison.remote, comparison.here, comparison.there
    if comparison.stand is Stand.AHEAD:
        return AnchorCheck(note=f"{remote} does not have the newest records yet: gitorch sync {shell_word(remote)}")

    if comparison.stand is Stand.ONLY_HERE:
        return AnchorCheck(note=f"{remote} has no ledger: gitorch sync {shell_word(remote)}")

    if comparison.stand is Stand.SAME:
        return AnchorCheck()

    if here is None or there is None:
        return AnchorCheck()

    missing = _missing(services, records, here, there)
    if comparison.stand is Stand.BEHIND:
        return AnchorCheck(
            note=f"{remote} has records that this ledger lacks, {missing}: gitorch sync {shell_word(remote)}"
        )

    message = f"{remote} holds another history: its records differ from those here, {missing}."
    hint = f"git log --oneline --left-right {here:.12}...{there:.12}"
    return AnchorCheck(Corrupt(message, hint, remote))


def _missing(
    services: Services,
    records: int,
    here: CommitId,
    there: CommitId,
) -> str:
    """How many records `there` has and `here` lacks, and the first of them. Each commit is one record, so commits are counted."""
    first = records - len(services.git.commits_since(there, here))
    subjects = services.git.subjects(here, there)
    subject = subjects[0] if subjects else there[:12]
    return f"{len(subjects)} from record {first} on ({subject})"
