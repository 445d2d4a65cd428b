"""The names of git's objects: hashes of what they hold, computed by the fastest library that Python has."""

from __future__ import annotations

import hashlib

_SHA1_DIGITS = 40


def matches(identity: str, kind: str, body: bytes) -> bool:
    """Whether the id of an object is the hash of its kind and content: SHA-1 or SHA-256, by the length of the id."""
    algorithm = hashlib.sha256
    if len(identity) == _SHA1_DIGITS:
        algorithm = hashlib.sha1

    hashed = algorithm(f"{kind} {len(body)}\0".encode(), usedforsecurity=False)
    hashed.update(body)
    return hashed.hexdigest() == identity
