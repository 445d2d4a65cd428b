"""Another runtime takes over from one that has reached its usage limit, where a lane names one (C11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.rules.guards.granting import not_independent
from gitorch.rules.usage.limits import SETTLE_MS

if TYPE_CHECKING:
    from gitorch.model.ids import Moment
    from gitorch.model.plans.workflow import Lane
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


LIMITED = "limited"
"""The reason for which a lease ends when another lane takes over."""


def lane_now(run: Run, job: JobState, now: Moment) -> Lane:
    """The lane whose program works on a job: that of its living session, else its own.

    While the program of its own lane waits for the end of a usage limit, it is the lane that takes over.
    """
    living = run.living_session(job)
    if living is not None:
        return run.workflow.lanes[living.lane]

    own = run.workflow.lanes[job.spec.lane]
    if own.takeover and _is_limited(run, own, now):
        return run.workflow.lanes[own.takeover]

    return own


def _is_limited(run: Run, own: Lane, now: Moment) -> bool:
    """Whether a session of the same program and environment reached a usage limit that is not over; it may have ended since."""
    for session in run.sessions.values():
        lane = run.workflow.lanes[session.lane]
        is_same = lane.runtime == own.runtime and lane.env == own.env
        if is_same and now < (session.limited_until or 0):
            return True

    return False


def is_taken_over(run: Run, session: Session, now: Moment) -> bool:
    """Whether another lane takes over the work of a session now: it waits for a limit that lasts."""
    if session.limited_until is None or taking_over(run, session) is None:
        return False

    return session.limited_until - now > SETTLE_MS


def taking_over(run: Run, session: Session) -> Lane | None:
    """The lane that takes over the work of a session at a limit that lasts.

    None where the session's lane names none, where a lane took over already, and where the other runtime may not judge
    the work.
    """
    job = run.jobs[session.job]
    other = run.workflow.lanes.get(run.workflow.lanes[session.lane].takeover)
    if other is None or session.lane != job.spec.lane:
        return None

    if not_independent(run, job, other.runtime):
        return None

    return other
