"""What a loop tells the other hosts before its ticks. A ledger that is not shared has no others, and nothing here costs anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.app.services import Services


def announce(services: Services) -> None:
    """Tell the other hosts this one's labels. Raises what the ledger raises."""
    if services.ledger.is_shared:
        from gitorch.app.hosts.offer import announce_labels  # noqa: PLC0415  only a shared ledger pays for it

        announce_labels(services)
