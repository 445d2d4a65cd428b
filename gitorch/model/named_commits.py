"""The commits that an event names: on a ledger that hosts share, the remote keeps each of them under a ref of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.values import names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.values import Value

COMMIT_REFS = "refs/gitorch/commits/"
"""Where the remote keeps them, each by its full id. Such a ref never moves."""

_COMMIT_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def named_commits(event: Value) -> Iterator[str]:
    """Everything in the fields of an event that looks like the full id of a commit."""
    for name in names_of(type(event)):
        yield from _commits_in(getattr(event, name))


def _commits_in(value: object) -> Iterator[str]:
    """What looks like a full id in the value of a field."""
    parts: tuple[object, ...] = (value,)
    if isinstance(value, tuple):
        parts = value

    for part in parts:
        if isinstance(part, str) and _COMMIT_ID.fullmatch(part):
            yield part
