"""Comparing git's objects with their names. Git does not do so when it reads them: a loose file can be replaced by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.ledger.streams import ended
from gitorch.text.records import object_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.ports.commits import StoredObject


def matches_name(stored: StoredObject) -> bool:
    """Whether the id of an object is the hash of its kind and content."""
    return object_names.matches(stored.id, stored.kind, stored.body)


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
    with ended(objects):
        for stored in objects:
            if not matches_name(stored):
                raise fault(stored)
            yield stored
