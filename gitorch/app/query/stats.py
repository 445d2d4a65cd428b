"""Figures over all runs of the repository, from the ledger alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitorch.app.query.lookup import run_lines
from gitorch.app.query.runs import report_data
from gitorch.rules.views.redone import redone_from
from gitorch.rules.views.stats import part_of, rows

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.view import StatsRow
    from gitorch.model.work.run import Run
    from gitorch.rules.views.stats import Part


def stats_of(services: Services, by: str = "") -> tuple[StatsRow, ...]:
    """The figures of every run, costs estimated by the configured prices. Reads the states of runs that changed since the last time."""
    if not run_lines(services):
        return ()
    parts = services.ledger.summaries(f"stats-{by or 'all'}", partial(_part_of, services, by))
    return rows(parts.values(), services.config.prices)


def _part_of(services: Services, by: str, run: Run) -> Part:
    """What a run adds, with the lines of earlier runs that its merge took away or replaced, as its report has them."""
    if run.merged is None:
        return part_of(run, by)
    return part_of(run, by, redone_from(report_data(services, run)))
