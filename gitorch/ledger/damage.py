"""A ledger that is lost or damaged: the error says what is wrong, and its hint is the command that brings it back.

This clone can bring a lost branch back itself as long as git still has the trusted tip's commit; everything else has to come
from a remote or another clone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, GitorchError, NotFound
from gitorch.ledger import leftovers, location
from gitorch.model.path_text import shell_word

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.ledger.replay import Evolve
    from gitorch.ledger.trusted_tip import TrustedTip
    from gitorch.ports.ledger import History

_OBJECT_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")

GONE = "The ledger was removed"
CONFIGURATION = "gitorch.yaml"

OTHER_CLONE = "PATH-OF-ANOTHER-CLONE"
"""What a hint names where no remote is configured."""


def lost(history: History, common: Path, trusted: TrustedTip, evolve: Evolve) -> Corrupt:
    """The error for a branch that does not hold the trusted tip any more, or is not there at all.

    The hint restores every record that git still has: the trusted tip can be older than the last of them.
    """
    message = f"{GONE}, shortened or replaced: record {trusted.seq}, commit {trusted.commit}, is missing."
    tip = leftovers.newest_tip(history, evolve, trusted.seq + 1)
    if tip is None and _has(history, trusted.commit):
        tip = trusted.commit
    hint = f"git update-ref {location.REF} {tip}"
    if tip is None:
        hint = f"git fetch {shell_word(_source(common))} +{location.REF}:{location.REF}"

    return Corrupt(message, hint, trusted.commit)


def absent(history: History, common: Path, evolve: Evolve) -> GitorchError:
    """The error for a branch that is gone together with the trusted tip: Corrupt where anything shows that there was one.

    A configuration file is in every clone, so that it counts only together with commits of a ledger that came from no
    remote. NotFound names the remote to bring the ledger from, where there is one.
    """
    refs = history.refs()
    found = leftovers.evidence(refs, common)
    if found:
        return _gone(history, common, evolve, found)

    remote = leftovers.tracking_remote(refs)
    if remote:
        return NotFound(
            f"This clone has no ledger yet, but {remote} has one.", hint=f"gitorch sync {shell_word(remote)}"
        )

    is_set_up = common.name == ".git" and (common.parent / CONFIGURATION).is_file()
    if is_set_up and leftovers.newest_tip(history, evolve) is not None:
        return _gone(history, common, evolve, CONFIGURATION)
    return location.no_ledger()


def _gone(history: History, common: Path, evolve: Evolve, evidence: str) -> Corrupt:
    """The error for a ledger of which only this evidence is left, with the command that brings it back."""
    hint = f"git fetch {shell_word(_source(common))} +{location.REF}:{location.REF}"
    tip = leftovers.newest_tip(history, evolve)
    if tip is not None:
        hint = f"git update-ref {location.REF} {tip}"
    return Corrupt(f"{GONE}: {evidence} is left.", hint, location.REF)


def with_remedy(common: Path, error: Corrupt) -> Corrupt:
    """The error for an object that is missing, damaged or replaced, with the command that fetches it again."""
    hint = f"git fetch --refetch {shell_word(_source(common))} {location.REF}"
    if _OBJECT_ID.fullmatch(error.where):
        loose = common / "objects" / error.where[:2] / error.where[2:]
        if loose.exists():
            hint = f"rm -f {loose} && {hint}"  # git would keep the file and refuse the object of the same name
    return Corrupt(error.message, hint, error.where)


def is_of_object(error: Corrupt) -> bool:
    """Whether one object is missing, damaged or replaced, so that the records after it are worth keeping."""
    return error.message.startswith("Object ") or not error.where


def with_new_ref(history: History, common: Path, error: Corrupt, evolve: Evolve) -> Corrupt:
    """The error for a ref that names no commit, with the command that writes it anew."""
    remove = f"rm -rf {shell_word(common / location.REF)}"  # git refuses to move a ref that it cannot read
    tip = leftovers.newest_tip(history, evolve)
    if tip is None:
        return Corrupt(
            error.message,
            f"{remove} && git fetch {shell_word(_source(common))} +{location.REF}:{location.REF}",
            error.where,
        )
    return Corrupt(error.message, f"{remove} && git update-ref {location.REF} {tip}", error.where)


def _has(history: History, identity: str) -> bool:
    """Whether git has this object."""
    try:
        return bool(list(history.objects(iter((identity,)))))
    except GitorchError:
        return False


def _source(common: Path) -> str:
    """The remote to restore from: the one whose ledger was fetched before, else the first, else a placeholder."""
    remotes = location.remotes(common)
    for remote in remotes:
        for folder in ("refs/remotes", "refs/gitorch/remotes"):
            if (common / folder / remote / "gitorch/ledger").is_file():
                return remote

    if remotes:
        return remotes[0]

    return OTHER_CLONE
