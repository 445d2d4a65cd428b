"""Notifications to people outside of gitorch, as the app sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import RunId


class Notices(Protocol):
    """Notifies people outside of gitorch with a configured command; no call waits for it."""

    def sent(self, run: RunId) -> frozenset[str] | None:
        """The names of a run's notices that were sent; None when nobody is to be notified, or not at this hour."""
        ...

    def send(self, run: RunId, name: str, notice: Mapping[str, object]) -> None:
        """Start the command with the notice as JSON on standard input, once for each name. Raises Unavailable.

        The command is ended when it exceeds its time limit.
        """
        ...

    def failure(self) -> str:
        """Why the command failed, once until it has worked again; else empty."""
        ...
