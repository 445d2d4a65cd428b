"""The tip that this clone has seen last, in `<common git dir>/gitorch/tip`: what tells a shortened ledger from a young one.

Written after the branch was moved, so it may lag by one record after a kill, and never leads.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import Corrupt
from gitorch.ledger.files import replace

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.ids import CommitId, Digest


class TrustedTip(NamedTuple):
    """The last record that was seen here."""

    seq: int
    digest: Digest
    commit: CommitId


def path(common: Path) -> Path:
    """The file."""
    return common / "gitorch" / "tip"


def load(common: Path) -> TrustedTip | None:
    """None where nothing was seen yet. Raises Corrupt for a file that is not ours."""
    try:
        seq, digest, commit = json.loads(path(common).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise Corrupt(
            f"{path(common)} does not hold a remembered tip.", hint=f"rm {path(common)}", where=str(path(common))
        ) from error
    return TrustedTip(seq, digest, commit)


def save(common: Path, seq: int, digest: Digest, commit: CommitId) -> None:
    """Remember this record."""
    replace(path(common), json.dumps([seq, digest, commit]))


def lost(seen: TrustedTip) -> Corrupt:
    """What to say when the branch does not hold it any more."""
    return Corrupt(
        f"The ledger was shortened or replaced: record {seen.seq}, commit {seen.commit}, was seen here and is no more.",
        hint=f"git log {seen.commit}",
        where=seen.commit,
    )
