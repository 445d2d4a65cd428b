"""Commits with the signature that git puts into their header."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitorch.text.records.objects import parse_commit

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId


class SignedCommit(NamedTuple):
    """A commit, and what its signature covers."""

    tree: str
    parents: tuple[CommitId, ...]
    message: str
    author: str
    """`name <address> seconds zone`."""
    signature: str
    """Empty for an unsigned commit."""
    signed: str
    """The commit without its signature."""


def parse_signed(body: bytes) -> SignedCommit:
    """The parts of a commit as git stores it; bytes that are not UTF-8 are replaced, so that its signature fails."""
    parsed = parse_commit(body)
    head, gap, message = body.decode("utf-8", "replace").partition("\n\n")
    kept: list[str] = []
    signature: list[str] = []
    within = False
    for line in head.split("\n"):
        within = line.startswith(("gpgsig ", "gpgsig-sha256 ")) or (within and line.startswith(" "))
        if within:
            signature.append(line.removeprefix("gpgsig-sha256").removeprefix("gpgsig").removeprefix(" "))
        else:
            kept.append(line)
    text = "".join(f"{line}\n" for line in signature)
    return SignedCommit(
        parsed.tree, parsed.parents, parsed.message, parsed.author, text, "\n".join(kept) + gap + message
    )
