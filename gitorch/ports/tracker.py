"""The issue tracker of a project as the app sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitorch.model.tracker import Backlog


class Tracker(Protocol):
    """Issues that plans are about. What is read is read anew, or is a few seconds old."""

    @property
    def kind(self) -> str:
        """`bd` or `file`: the word by which a run remembers which tracker it was started with."""
        ...

    @property
    def closes(self) -> bool:
        """Whether it can close issues; what it cannot close is left to people."""
        ...

    def look(self, names: Collection[str]) -> Backlog:
        """Those of these issues that there are, all that belongs to them, and what they wait for. Raises Unavailable."""
        ...

    def closed(self, names: Collection[str]) -> Mapping[str, str]:
        """Those of these issues that are closed, each with the reason that was given, or an empty one. Raises Unavailable."""
        ...

    def close(self, names: Sequence[str], reason: str) -> None:
        """Close those of these issues that are open, in this order. Raises Failed with what is still open, Unavailable."""
        ...
