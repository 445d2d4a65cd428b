"""What the principal decided about finished work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.artifact import Outcome
    from gitorch.model.ids import DecisionId, JobId, Moment


class Decision(Value):
    """What the principal decided about a job's work. `verdicts` are the reviews whose verdicts rested on it."""

    id: DecisionId
    job: JobId
    outcome: Outcome
    by: str
    at: Moment
    text: str
    follow_up: str = ""
    verdicts: tuple[JobId, ...] = ()
