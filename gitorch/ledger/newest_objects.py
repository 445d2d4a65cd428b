"""Whether the objects of the newest record are whole: what a verb checks that answers from the cache and reads no other object.

They are the objects that the next record builds on. Loose ones are read, and zlib's checksum tells whether their bytes have
changed. They are not compared with their names, since hashlib costs 3 ms: against forgery every approval reads the whole
ledger. For packed ones it is enough that a pack lists them; to read a pack would cost such a verb as much as all the rest.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from gitorch.ledger import loose_objects, packs
from gitorch.ledger.known_damage import unreadable
from gitorch.text.records import objects

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.model.ids import CommitId


class _Packed(Exception):  # no error: the check ends here
    """An object that lies in a pack."""


def ensure_whole(common: Path, tip: CommitId) -> None:
    """Raise Corrupt where an object that the newest commit added is missing or damaged.

    The check ends at the first packed object: what is packed was written together, and long ago.
    """
    reader = _Reader(common / "objects")
    try:
        _read_newest(reader, tip)
    except _Packed:
        return


def _read_newest(reader: _Reader, tip: CommitId) -> None:
    """Read the commit, its record and the trees on the way to it. Raises Corrupt, _Packed."""
    commit = objects.parse_commit(reader.body(tip))
    before = None
    if commit.parents:
        before = objects.parse_commit(reader.body(commit.parents[0])).tree

    width = len(tip) // 2
    changes = objects.changes(lambda tree: objects.parse_tree(reader.body(tree), width), before, commit.tree)
    for blob in changes.added.values():
        reader.body(blob)


class _Reader:
    """Loose objects, each read whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def body(self, identity: str) -> bytes:
        """The body of an object. Raises Corrupt where it is missing or damaged, _Packed where it is in a pack."""
        try:
            body = loose_objects.read(os.fspath(self._folder), identity)
        except (OSError, zlib.error, ValueError, IndexError) as error:
            raise unreadable(identity, f"cannot be read ({error})") from error

        if body is None:
            raise self._elsewhere(identity)

        return body

    def _elsewhere(self, identity: str) -> Exception:
        """What is true of an object that is not loose: it is packed, or missing."""
        if (self._folder / "info" / "alternates").exists() or self._is_packed(identity):
            return _Packed(identity)
        return unreadable(identity, "is missing")

    def _is_packed(self, identity: str) -> bool:
        """Whether a pack lists the object. A pack may be replaced while the folder is read, so it is read twice."""
        name = bytes.fromhex(identity)
        folder = os.fspath(self._folder / "pack")
        return _is_listed(folder, name) or _is_listed(folder, name)


def _is_listed(folder: str, name: bytes) -> bool:
    """Whether any index of this folder has the name; an index that is not understood counts as having it."""
    for index in packs.indexes(folder):
        try:
            descriptor = os.open(f"{folder}/{index}", os.O_RDONLY)
        except OSError:
            continue
        try:
            if _has_name(descriptor, name):
                return True
        finally:
            os.close(descriptor)

    return False


def _has_name(descriptor: int, name: bytes) -> bool:
    """Whether an open index has this name, or is of a version that is not understood."""
    if os.pread(descriptor, len(packs.MAGIC), 0) != packs.MAGIC:
        return True

    return packs.number_of(descriptor, name) is not None
