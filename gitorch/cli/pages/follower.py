"""New records of runs, for a view that shows runs as they progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import unsettled_runs

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import RunId
    from gitorch.model.work.run import Run
    from gitorch.ports.commits import WrittenRecord


class Follower:
    """New records of runs, from any process; the ledger is read only when a run has grown.

    Records that were there at the beginning are not new, except for the last `keep` of each run.
    """

    def __init__(self, services: Services, keep: int) -> None:
        self._services = services
        self._keep = keep
        self._counts = {run: _record_count(services, run) for run in unsettled_runs(services)}
        self._last: dict[RunId, int] = {}

    def fresh(self, run: Run) -> tuple[WrittenRecord, ...]:
        """The records of this run since the last call."""
        if run.id not in self._last:
            return self._first(run)

        if self._counts.get(run.id) == run.records:
            return ()

        return self._read(run, after=self._last[run.id])

    def _first(self, run: Run) -> tuple[WrittenRecord, ...]:
        skipped = max(0, self._counts.get(run.id, 0) - self._keep)
        return self._read(run, after=-1)[skipped:]

    def _read(self, run: Run, after: int) -> tuple[WrittenRecord, ...]:
        found = tuple(self._services.ledger.records(run.id, after))
        self._counts[run.id] = run.records
        self._last[run.id] = found[-1].record.seq if found else after

        return found


def _record_count(services: Services, run: RunId) -> int:
    """The number of a run's records; 0 for a run that the ledger does not have."""
    found = services.ledger.state(run).run
    if found is None:
        return 0

    return found.records
