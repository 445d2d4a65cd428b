"""The names of git's objects: hashes of what they hold, computed by the fastest library that Python has."""

from __future__ import annotations

import hashlib
from functools import partial

_ALGORITHMS = {
    40: partial(hashlib.sha1, usedforsecurity=False),
    64: partial(hashlib.sha256, usedforsecurity=False),
}
"""By the number of digits in an id."""


def name_of(described: bytes, body: bytes, digits: int) -> str:
    """The id that an object must have; `described` is its kind and size, such as `tree 123`. SHA-1 or SHA-256, by the digits."""
    hashed = _ALGORITHMS[digits](described + b"\0")
    hashed.update(body)
    return hashed.hexdigest()


def matches(identity: str, kind: str, body: bytes) -> bool:
    """Whether the id of an object is the hash of its kind and content."""
    return name_of(f"{kind} {len(body)}".encode(), body, len(identity)) == identity
