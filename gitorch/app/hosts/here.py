"""Which sessions live on this host, and what a tick needs to know of it and of the other hosts.

Clocks of two hosts are never compared: what another host has not renewed is over once *this* host has seen no change for as
long as the lease lasts. When it saw the last change is kept in `<common git dir>/gitorch/seen/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.this_host import is_on_this_host
from gitorch.model.values import Value
from gitorch.model.work.session import UNSEEN, SessionPhase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.app.services import Services
    from gitorch.model.ids import JobId
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


class Hosts(Value):
    """What a tick needs to know of this host and of others; the fields are those of `Observed`."""

    host: str = ""
    leads: bool = True
    unseen: frozenset[JobId] = frozenset()
    lanes: frozenset[str] | None = None
    labels: frozenset[str] | None = None
    places: int | None = None


ALONE = Hosts()


def sessions_here(services: Services, run: Run) -> Iterator[Session]:
    """The sessions on this host that have not ended, or that another host ended without having seen them."""
    for session in run.sessions.values():
        if session.phase is SessionPhase.ENDED and session.ended != UNSEEN:
            continue
        if is_on_this_host(services, session):
            yield session


def other_hosts_of(services: Services, run: Run) -> tuple[str, ...]:
    """The other hosts on which sessions of a run worked in branches, by name; none where the ledger is not shared."""
    found: set[str] = set()
    for session in run.sessions.values():
        if run.jobs[session.job].writes and not is_on_this_host(services, session):
            found.add(session.host)
    return tuple(sorted(found))
