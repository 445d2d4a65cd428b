"""Comparing git's objects with their names. Git does not do so when it reads them: a loose file can be replaced by another."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitorch.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.ports.ledger import StoredObject

_SHA1_DIGITS = 40


def matches_name(stored: StoredObject) -> bool:
    """Whether the id of an object is the hash of its kind and content: SHA-1 or SHA-256, by the length of the id."""
    algorithm = hashlib.sha256
    if len(stored.id) == _SHA1_DIGITS:
        algorithm = hashlib.sha1
    header = f"{stored.kind} {len(stored.body)}\0".encode()
    return algorithm(header + stored.body, usedforsecurity=False).hexdigest() == stored.id


class ReplacedObject(Corrupt):
    """An object whose content does not match its name. It can lead to any other error of the ledger."""


def fault(stored: StoredObject) -> ReplacedObject:
    """The error for an object whose content does not match its name."""
    return ReplacedObject(
        f"Object {stored.id} was replaced: its content, a {stored.kind}, does not match its name.",
        hint="gitorch recover",
        where=stored.id,
    )


def checked(objects: Iterator[StoredObject]) -> Iterator[StoredObject]:
    """The same objects. Raises Corrupt at the first whose content does not match its name."""
    for stored in objects:
        if not matches_name(stored):
            raise fault(stored)
        yield stored
