"""The hosts of a shared ledger, as this one sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.hosts.sightings import sightings
from gitorch.app.query.lookup import load_runs, unsettled_runs
from gitorch.model.ids import Moment
from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import JobId


class HostRow(Value):
    """One host."""

    name: str
    is_here: bool
    has_key: bool
    """Whether the ledger takes what it signs."""
    seen_at: Moment | None
    """When this host received its newest record, by this host's clock."""
    jobs: tuple[JobId, ...]
    """What its living sessions work on."""
    labels: tuple[str, ...] = ()


def hosts(services: Services) -> tuple[HostRow, ...]:
    """Every host that is known by its key or by its records, sorted by name. Raises NotFound without a ledger."""
    board = services.ledger.state(None).board
    seen = sightings(services, services.clock.now())
    jobs: dict[str, list[JobId]] = {}
    for run in load_runs(services, unsettled_runs(services)):
        for session in run.living_sessions:
            jobs.setdefault(session.host, []).append(session.job)

    rows: list[HostRow] = []
    for name in sorted({*board.hosts, *board.labels, *seen, *jobs}):
        at: Moment | None = None
        if name in seen:
            at = Moment(seen[name])

        is_here = name == services.host.host
        has_key = name in board.hosts
        at_work = tuple(jobs.get(name, ()))
        rows.append(HostRow(name, is_here, has_key, at, at_work, board.labels.get(name, ())))
    return tuple(rows)
