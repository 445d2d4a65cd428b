"""The last answer of the remote that hosts share, in `<common git dir>/gitorch/upstream`: what it had, and when.

It shows how old the local branch is, and that a remote was forced back to an older ledger.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.ledger.files import read, replace
from gitorch.model.ids import CommitId, Moment
from gitorch.model.json_text import json_of, parse_json
from gitorch.ports.commits import LastContact

if TYPE_CHECKING:
    from pathlib import Path


def load(common: Path) -> LastContact | None:
    """The last contact; None where there was none, or its file cannot be read."""
    try:
        remote, tip, at = parse_json(read(common / "gitorch" / "upstream"))
        return LastContact(str(remote), CommitId(str(tip)) if tip else None, Moment(int(at)))
    except (OSError, ValueError, TypeError):
        return None


def save(common: Path, remote: str, tip: CommitId | None) -> None:
    """Remember what the remote has now. A file that cannot be written is no error: it is then as old as it is."""
    with suppress(OSError):
        replace(common / "gitorch" / "upstream", json_of([remote, tip, int(time.time() * 1000)]))
