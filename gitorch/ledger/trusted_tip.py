"""The newest tip that this clone has seen, in `<common git dir>/gitorch/tip`: with it, a shortened ledger is noticed.

It is written after the branch was moved. So it may be one record behind after a kill, and is never ahead.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.ledger.files import read, replace
from gitorch.model.ids import is_full_id
from gitorch.model.json_text import json_of, parse_json
from gitorch.model.values import Value

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.ids import CommitId, Digest


class TrustedTip(Value):
    """The newest record that was seen here."""

    seq: int
    digest: Digest
    commit: CommitId


def path(common: Path) -> Path:
    """The path of the file that holds the trusted tip; `common` is the git directory that all worktrees share."""
    return common / "gitorch" / "tip"


def refused_path(common: Path) -> Path:
    """The path of a trusted tip that named no record."""
    return common / "gitorch" / "tip.refused"


def load(common: Path) -> TrustedTip | None:
    """The trusted tip; None when no record was seen yet.

    A file that cannot be read counts as absent, like a folder that was removed: the next reader writes it again.
    The commit is only checked to look like a full id; whether the branch holds it is for the caller to find out.
    """
    try:
        seq, digest, commit = parse_json(read(path(common)))
    except (OSError, ValueError, TypeError):
        return None

    if not _is_tip(seq, digest, commit):
        return None

    return TrustedTip(seq, digest, commit)


def set_aside(common: Path) -> None:
    """Believe the file no more, but keep it beside its place as evidence. A file that cannot be moved is no error."""
    with suppress(OSError):
        path(common).replace(refused_path(common))


def _is_tip(seq: object, digest: object, commit: object) -> bool:
    """Whether these three values can be a trusted tip: JSON allows others in their place, `true` for a number included."""
    if type(seq) is not int:
        return False
    if type(digest) is not str:
        return False
    if type(commit) is not str:
        return False
    return is_full_id(commit)


def save(common: Path, seq: int, digest: Digest, commit: CommitId) -> None:
    """Make this record the newest that was seen, by a file that is written whole.

    The branch must hold the record already. Raises OSError when the clone cannot be written.
    """
    replace(path(common), json_of([seq, digest, commit]))
