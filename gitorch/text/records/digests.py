"""Digests of records and files, computed over the bytes as they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.ids import Digest


def digest(data: bytes) -> Digest:
    """`sha256:` and 64 hex digits of exactly these bytes."""
    import hashlib  # noqa: PLC0415  # 3 ms that reading verbs do not pay

    return f"sha256:{hashlib.sha256(data).hexdigest()}"  # type: ignore[return-value]  # a NewType of str


def bare(prefixed: str) -> str:
    """The 64 hex digits of a digest.

    The text may have `sha256:` before them, or not.
    """
    return prefixed.removeprefix("sha256:")
