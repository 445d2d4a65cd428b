"""Figures over all runs of the repository, from the ledger alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitorch.app.query.lookup import run_lines
from gitorch.rules.views.stats import part_of, rows

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.view import StatsRow


def stats_of(services: Services, by: str = "") -> tuple[StatsRow, ...]:
    """The figures of every run, costs estimated by the configured prices. Reads the states of runs that changed since the last time."""
    if not run_lines(services):
        return ()
    parts = services.ledger.summaries(f"stats-{by or 'all'}", partial(part_of, by=by))
    return rows(parts.values(), services.config.prices)
