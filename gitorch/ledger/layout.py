"""Where things lie on the branch (docs/ledger-format.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Usage
from gitorch.text.records import digests

if TYPE_CHECKING:
    from gitorch.model.ids import RunId

README = b"""# The ledger of gitorch

This branch is a record of what agents and people did here: one file and one commit for each event, each naming the digest
of the one before it. `git log` tells the story; `gitorch verify` checks every word of it.

Never merge this branch, never rebase it, never edit it: a changed byte is found, and the ledger then counts as corrupt.
Its format, and how to check it with git and sha256sum alone, is in `docs/ledger-format.md` of gitorch.
"""

ATTRIBUTES = b"* -text\n"
"""No line ending on this branch is ever converted."""

GENESIS = {"README.md": README, ".gitattributes": ATTRIBUTES}
"""Files that the first commit brings beside its record."""

GENESIS_RECORD = "ledger/00/000000-ledger-created.yaml"

_RUN = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FOLDER_RECORDS = 100


def check_run(run: RunId) -> None:
    """Raise Usage for a run that cannot be the name of a folder."""
    if not _RUN.fullmatch(run) or run.endswith(".lock"):
        raise Usage(f"{run!r} is no name for a run: letters, digits, `.`, `_` and `-`, beginning with the first two.")


def folder(run: RunId | None, month: str) -> str:
    """Everything of one run, or of none. `month` is that of the run's first record, `2026-11`."""
    return f"runs/{month}/{run}" if run else "ledger"


def record_path(folder_: str, seq: int, suffix: str) -> str:
    """A record's path: at most 100 records a folder, since a commit's cost grows with the folder it is in."""
    return f"{folder_}/{seq // _FOLDER_RECORDS:02}/{seq:06}-{suffix}"


def file_path(folder_: str, digest: str) -> str:
    """An attached file's path, by the digest of its bytes."""
    return f"{folder_}/files/{digests.bare(digest)}"
