"""SHA-1 and SHA-256 without OpenSSL, whose libraries cost a verb 0.07 × the import of click; `random` avoids it likewise."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MODULES = {"sha1": ("_sha1", "hashlib"), "sha256": ("_sha2", "_sha256", "hashlib")}
"""The modules that may have the algorithm: CPython's own (`_sha2` since 3.12), then the one that any Python has."""


def hex_hash(algorithm: str, data: bytes) -> str:
    """The hash of these bytes in hex; `algorithm` is `sha1` or `sha256`."""
    digits: str = _maker(algorithm)(data).hexdigest()
    return digits


@cache
def _maker(algorithm: str) -> Callable[[bytes], Any]:
    """What hashes by this algorithm."""
    for name in MODULES[algorithm]:
        with suppress(ModuleNotFoundError):
            maker: Callable[[bytes], Any] = getattr(import_module(name), algorithm)
            return maker

    raise ValueError(algorithm)
