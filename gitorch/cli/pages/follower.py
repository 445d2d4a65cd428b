"""What was recorded since the last look, for a view that shows runs as they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import open_runs

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import RunId
    from gitorch.model.run import Run
    from gitorch.ports.ledger import WrittenRecord


class Follower:
    """New records of runs, whoever wrote them; the ledger is read only when a run has grown.

    Records that were there at the beginning are not new, but for the last `keep` of each run.
    """

    def __init__(self, services: Services, keep: int) -> None:
        self._tools = services
        self._keep = keep
        self._counted = {run: _records(services, run) for run in open_runs(services)}
        self._last: dict[RunId, int] = {}

    def fresh(self, run: Run) -> tuple[WrittenRecord, ...]:
        """The records since the last time this was asked of the run."""
        known = self._last.get(run.id)
        if known is not None and self._counted.get(run.id) == run.records:
            return ()
        skipped = max(0, self._counted.get(run.id, 0) - self._keep) if known is None else 0
        found = tuple(self._tools.ledger.records(run.id, -1 if known is None else known))
        self._counted[run.id] = run.records
        self._last[run.id] = found[-1].record.seq if found else -1 if known is None else known
        return found[skipped:]


def _records(services: Services, run: RunId) -> int:
    found = services.ledger.state(run).run
    return 0 if found is None else found.records
