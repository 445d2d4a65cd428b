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


BLOCK_BYTES = 64
"""Of SHA-256."""

INNER_PAD, OUTER_PAD = 0x36, 0x5C
"""Of HMAC."""


def hex_hash(algorithm: str, data: bytes) -> str:
    """The hash of these bytes in hex; `algorithm` is `sha1` or `sha256`."""
    digits: str = _maker(algorithm)(data).hexdigest()
    return digits


def keyed_hash(key: bytes, data: bytes) -> str:
    """HMAC-SHA-256 in hex, as RFC 2104 defines it. The module `hmac` imports OpenSSL."""
    if len(key) > BLOCK_BYTES:
        key = bytes.fromhex(hex_hash("sha256", key))

    block = key.ljust(BLOCK_BYTES, b"\0")
    inner = hex_hash("sha256", bytes([byte ^ INNER_PAD for byte in block]) + data)
    return hex_hash("sha256", bytes([byte ^ OUTER_PAD for byte in block]) + bytes.fromhex(inner))


@cache
def _maker(algorithm: str) -> Callable[[bytes], Any]:
    """What hashes by this algorithm."""
    for name in MODULES[algorithm]:
        with suppress(ModuleNotFoundError):
            maker: Callable[[bytes], Any] = getattr(import_module(name), algorithm)
            return maker

    raise ValueError(algorithm)
