"""Figures over all runs of the repository, from the ledger alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import load_runs, run_lines
from gitorch.rules.views.stats import stats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.app.services import Services
    from gitorch.model.view import StatsRow
    from gitorch.model.work.run import Run


def stats_of(services: Services, by: str = "") -> tuple[StatsRow, ...]:
    """The figures of every run, costs estimated by the configured prices. The cost in time is that of reading the cached state of each run, one after another."""
    return stats(_every_run(services), by, services.config.prices)


def _every_run(services: Services) -> Iterator[Run]:
    """Every run, one in memory at a time."""
    for line in run_lines(services):
        yield from load_runs(services, (line.id,))
