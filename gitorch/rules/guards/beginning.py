"""When the authors of a batch begin: all of them once every one is alive, if need be at the second try (P13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.work.session import SessionPhase
from gitorch.rules.guards.granting import may_be_granted

if TYPE_CHECKING:
    from gitorch.model.ids import JobId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


def may_begin(run: Run, session: Session) -> bool:
    """Whether a session may get its work."""
    return launch_before(run, session) is None


def launch_before(run: Run, session: Session) -> JobId | None:
    """The job whose agent is launched beside a session, which gets its work after that; None where it may begin.

    A reviewer begins at once. Nobody waits for a one-shot agent, which is launched together with its work: two of them
    would wait for each other.
    """
    if not run.jobs[session.job].writes:
        return None

    for other in run.living_sessions:
        if other.id != session.id and other.host == session.host and _is_waited_for(run, other):
            return other.job

    for job in run.jobs.values():
        if _is_relaunched(run, job):
            return job.spec.id

    return None


def _is_waited_for(run: Run, session: Session) -> bool:
    """Whether this is the session of an author that is being launched, asks nothing, and gets its work afterwards."""
    if session.phase is not SessionPhase.STARTING:
        return False

    if not run.jobs[session.job].writes or run.is_asked_about(session):
        return False

    return not run.workflow.lanes[session.lane].one_shot


def _is_relaunched(run: Run, job: JobState) -> bool:
    """Whether an author whose launch failed is about to be launched again."""
    if not job.launch_failures or not job.writes:
        return False

    # A relaunch that itself waits for a place would be waited for without end.
    return may_be_granted(run, job)
