"""Whether a session lives on this host, and whether this host leads a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import SessionId
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


def is_here(services: Services, run: Run, session: SessionId) -> bool:
    """Whether a session lives on this host."""
    return is_on_this_host(services, run.sessions[session])


def is_on_this_host(services: Services, session: Session) -> bool:
    """Whether a session is this host's; every session is where the ledger is not shared."""
    return not services.ledger.is_shared or session.host in {"", services.host.host}


def prepared_here(services: Services, run: Run) -> bool:
    """Whether this host prepared the run, as every host did whose ledger is not shared."""
    return not services.ledger.is_shared or run.host in {"", services.host.host}
