"""What a loop tells the other hosts before its ticks. A ledger that is not shared has no others, and nothing here costs anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.app.services import Services


def announce(services: Services) -> None:
    """Tell the other hosts this one's labels, and what people did by hand while the remote was away.

    Raises what the ledger raises.
    """
    if services.ledger.is_shared:
        from gitorch.app.hosts.offer import announce_labels  # noqa: PLC0415  only a shared ledger pays for it
        from gitorch.app.work.by_hand import decide_kept  # noqa: PLC0415  the same

        announce_labels(services)
        decide_kept(services)
