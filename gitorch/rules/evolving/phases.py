"""The tables of moves: the phases that may follow each phase of a job or a run. Every other move is illegal.

`docs/phases.md` is drawn from these tables, and a test walks every move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.work.job import JobPhase as J
from gitorch.model.work.run import RunPhase as R

if TYPE_CHECKING:
    from collections.abc import Mapping

JOB_MOVES: Mapping[J, frozenset[J]] = {
    J.BLOCKED: frozenset({J.QUEUED, J.WAITING_HUMAN, J.SKIPPED, J.CANCELED}),
    J.QUEUED: frozenset({J.CLAIMED, J.SUBMITTED, J.BLOCKED, J.COMPLETED, J.FAILED, J.SKIPPED, J.CANCELED}),
    J.CLAIMED: frozenset(
        {J.RUNNING, J.SUBMITTED, J.COMPLETED, J.WAITING_HUMAN, J.QUEUED, J.STALE, J.FAILED, J.CANCELED}
    ),
    J.RUNNING: frozenset({J.SUBMITTED, J.COMPLETED, J.WAITING_HUMAN, J.QUEUED, J.STALE, J.FAILED, J.CANCELED}),
    J.SUBMITTED: frozenset({J.COMPLETED, J.QUEUED, J.FAILED, J.CANCELED}),
    J.WAITING_HUMAN: frozenset({J.RUNNING, J.QUEUED, J.BLOCKED, J.COMPLETED, J.FAILED, J.SKIPPED, J.CANCELED}),
    J.STALE: frozenset({J.QUEUED, J.SUBMITTED, J.FAILED, J.CANCELED}),
    J.COMPLETED: frozenset({J.QUEUED, J.BLOCKED}),
    J.FAILED: frozenset({J.QUEUED}),
    J.CANCELED: frozenset(),
    J.SKIPPED: frozenset({J.BLOCKED}),
}
"""The host merges straight from the queue, and an adopted late handoff is submitted from there. Completed work goes back only when
its gate is reopened."""

RUN_MOVES: Mapping[R, frozenset[R]] = {
    R.PREPARED: frozenset({R.READY, R.CANCELED}),
    R.READY: frozenset({R.RUNNING, R.CANCELED}),
    R.RUNNING: frozenset({R.PAUSED, R.COMPLETED, R.FAILED, R.CANCELED}),
    R.PAUSED: frozenset({R.RUNNING, R.FAILED, R.CANCELED}),
    R.COMPLETED: frozenset(),
    R.FAILED: frozenset(),
    R.CANCELED: frozenset(),
}
