"""The chain: each record names the digest of the one before it, over the bytes as they were stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.ids import Digest


def digest(data: bytes) -> Digest:
    """`sha256:` and 64 hex digits of exactly these bytes."""
    import hashlib  # noqa: PLC0415  # 3 ms that a verb which only looks does not pay

    return f"sha256:{hashlib.sha256(data).hexdigest()}"  # type: ignore[return-value]  # a NewType of str


def bare(digest_: str) -> str:
    """The 64 hex digits, whether or not they stand behind `sha256:`."""
    return digest_.removeprefix("sha256:")
