"""Decisions of the principal about finished work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import DecisionId, JobId, Moment
    from gitorch.model.work.artifact import Outcome


class Decision(Value):
    """The principal's decision about a job's work."""

    id: DecisionId
    job: JobId
    outcome: Outcome
    by: str
    at: Moment
    text: str
    follow_up: str = ""
    verdicts: tuple[JobId, ...] = ()
    """The reviews whose verdicts rested on the work."""
