"""The issue tracker of a project as the app sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitorch.model.tracker import Backlog


class Tracker(Protocol):
    """The issues that plans refer to. Every answer is at most a few seconds old."""

    @property
    def kind(self) -> str:
        """`bd` or `file`: the name that a run records for the tracker it was started with."""
        ...

    @property
    def closes(self) -> bool:
        """Whether it can close issues; otherwise people close them."""
        ...

    def read(self, names: Collection[str]) -> Backlog:
        """Those of these issues that exist, the issues below them, and their dependencies. Raises Unavailable."""
        ...

    def closed(self, names: Collection[str]) -> Mapping[str, str]:
        """Those of these issues that are closed, each with its reason, which may be empty. Raises Unavailable."""
        ...

    def close(self, names: Sequence[str], reason: str) -> None:
        """Close those of these issues that are open, in this order. Raises Failed naming those still open, Unavailable."""
        ...
