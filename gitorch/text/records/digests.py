"""Digests of records and files, computed over the bytes as they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.hashes import hex_hash

if TYPE_CHECKING:
    from gitorch.model.ids import Digest


def digest(data: bytes) -> Digest:
    """`sha256:` and 64 hex digits of exactly these bytes."""
    return f"sha256:{hex_hash('sha256', data)}"  # type: ignore[return-value]  # a NewType of str


def bare(prefixed: str) -> str:
    """The 64 hex digits of a digest.

    The text may have `sha256:` before them, or not.
    """
    return prefixed.removeprefix("sha256:")
