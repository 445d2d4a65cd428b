"""The newest tip that this clone has seen, in `<common git dir>/gitorch/tip`: with it, a shortened ledger is noticed.

It is written after the branch was moved. So it may be one record behind after a kill, and is never ahead.
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
    """The newest record that was seen here."""

    seq: int
    digest: Digest
    commit: CommitId


def path(common: Path) -> Path:
    """The path of the file that holds it."""
    return common / "gitorch" / "tip"


def load(common: Path) -> TrustedTip | None:
    """The trusted tip, or None where no record was seen yet. Raises Corrupt for a file that cannot be read."""
    try:
        seq, digest, commit = json.loads(path(common).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise Corrupt(
            f"{path(common)} cannot be read as a trusted tip.", hint=f"rm {path(common)}", where=str(path(common))
        ) from error
    return TrustedTip(seq, digest, commit)


def save(common: Path, seq: int, digest: Digest, commit: CommitId) -> None:
    """Make this record the newest that was seen."""
    replace(path(common), json.dumps([seq, digest, commit]))


def lost(trusted: TrustedTip) -> Corrupt:
    """The error for a branch that does not hold the trusted tip any more."""
    return Corrupt(
        f"The ledger was shortened or replaced: "
        f"record {trusted.seq}, commit {trusted.commit}, was seen here and is missing now.",
        hint=f"git log {trusted.commit}",
        where=trusted.commit,
    )
