"""How people are told outside of gitorch, as the app sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import RunId


class Notices(Protocol):
    """The command by which people are told outside of gitorch; no call waits for it."""

    def told(self, run: RunId) -> frozenset[str] | None:
        """The names of the notices of a run that people got; None where no command is configured."""
        ...

    def tell(self, run: RunId, name: str, notice: Mapping[str, object]) -> None:
        """Start the command with this as JSON on its standard input, once for each name, within its time limit. Raises Unavailable."""
        ...

    def failure(self) -> str:
        """Why the command failed, said once until it has worked again; else empty."""
        ...
