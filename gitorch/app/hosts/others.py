"""What a tick asks of other hosts. A ledger that is not shared has no others, and nothing here costs anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.hosts.here import ALONE, Hosts

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.work.run import Run


def hosts_of(services: Services, run: Run) -> Hosts:
    """What this host does for a run, and what others have left."""
    if not services.ledger.is_shared:
        return ALONE

    from gitorch.app.hosts.sharing import shared_hosts  # noqa: PLC0415  only a shared ledger pays for it

    return shared_hosts(services, run)
