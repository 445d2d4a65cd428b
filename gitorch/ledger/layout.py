"""The paths of records and files on the branch (docs/ledger-format.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt, Usage
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

_RUN = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_FOLDER_RECORDS = 100


def check_run(run: RunId) -> None:
    """Raise Usage for a run id that cannot be the name of a folder, nor a part of a branch's name.

    At most 100 ASCII characters. git refuses names of branches with a part that ends in `.lock`.
    """
    is_name = re.fullmatch(_RUN, run) and not run.endswith(".lock")
    if is_name:
        return

    rule = "A name has letters, digits, `.`, `_` and `-`, and begins with a letter or digit."
    raise Usage(f"{run!r} cannot be the name of a run. {rule}")


def folder(run: RunId | None, month: str) -> str:
    """The folder of a run, or of the records that belong to no run, relative to the root of the branch.

    `month` is that of the run's first record, such as `2026-11`; later records of the run stay in that folder.
    Without a run it is ignored.
    """
    if run is None:
        return "ledger"
    return f"runs/{month}/{run}"


def is_record(path: str) -> bool:
    """Whether a file at this path must be a record: neither attached to one nor a file of the genesis commit.

    Also true of a path that does not belong on the branch; `seq_of` refuses most of those.
    """
    if "/files/" in path:
        return False
    return path not in GENESIS


def record_path(run_folder: str, seq: int, suffix: str) -> str:
    """A record's path: at most 100 records a folder, since a commit costs more in a larger folder.

    Numbers have at least six digits, so that a listing by name is in the order of the ledger.
    """
    return f"{run_folder}/{hundred_of(seq):02}/{seq:06}-{suffix}"


def seq_of(path: str) -> int:
    """The number in the name of a record's file.

    Nothing else of the path is checked: `verify` compares it as a whole with the record in it.
    Raises Corrupt for a name that does not begin with a decimal number.
    """
    name = path.rpartition("/")[2]
    number = name.partition("-")[0]
    if not (number.isascii() and number.isdigit()):
        raise Corrupt(f"{path} does not belong on the ledger's branch.", hint="gitorch verify", where=path)
    return int(number)


def type_of(path: str) -> str:
    """The type in the name of a record's file: `lease-granted` of `000042-lease-granted.yaml`."""
    name = path.rpartition("/")[2]
    return name.partition("-")[2].partition(".")[0]


def hundred_of(seq: int) -> int:
    """The number of the folder that holds a record."""
    return seq // _FOLDER_RECORDS


def file_path(run_folder: str, digest: str) -> str:
    """An attached file's path, by the digest of its bytes, with or without the prefix `sha256:`.

    Equal files of one run have one path, so that a file attached twice is stored once.
    """
    return f"{run_folder}/files/{digests.bare(digest)}"
