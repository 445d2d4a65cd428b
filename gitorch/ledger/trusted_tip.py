"""The newest tip that this clone has seen, in `<common git dir>/gitorch/tip`: with it, a shortened ledger is noticed.

It is written after the branch was moved. So it may be one record behind after a kill, and is never ahead.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from gitorch.ledger.files import replace

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.ids import CommitId, Digest


_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


class TrustedTip(NamedTuple):
    """The newest record that was seen here."""

    seq: int
    digest: Digest
    commit: CommitId


def path(common: Path) -> Path:
    """The path of the file that holds it."""
    return common / "gitorch" / "tip"


def load(common: Path) -> TrustedTip | None:
    """The trusted tip, or None where no record was seen yet.

    A file that cannot be read counts as absent, like a folder that was removed: the next reader writes it again.
    """
    try:
        seq, digest, commit = json.loads(path(common).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return None

    is_tip = type(seq) is int and type(digest) is str and type(commit) is str and _COMMIT.fullmatch(commit)
    if not is_tip:
        return None

    return TrustedTip(seq, digest, commit)


def save(common: Path, seq: int, digest: Digest, commit: CommitId) -> None:
    """Make this record the newest that was seen."""
    replace(path(common), json.dumps([seq, digest, commit]))
