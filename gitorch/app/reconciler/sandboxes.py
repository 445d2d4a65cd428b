"""Agents in sandboxes: what a session's sandbox leaves open, and the way of its commits into the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import Sandbox
from gitorch.model.work.session import SessionKey, SessionPhase
from gitorch.ports.world import LaunchSandbox

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import SessionId
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


def launch_sandbox(services: Services, run: Run, session: Session) -> LaunchSandbox | None:
    """What the sandbox of a session leaves open; None for a lane without one."""
    lane = run.workflow.lanes[session.lane]
    if lane.sandbox is Sandbox.NONE:
        return None

    if not run.jobs[session.job].writes:
        return LaunchSandbox("", None, lane.network, lane.writable)

    branch = run.branch_of(session.job)
    return LaunchSandbox(branch, services.git.resolve(branch), lane.network, lane.writable)


def take_commits(services: Services, run: Run, session: SessionId) -> None:
    """Bring the branch of an agent in a sandbox up to what it committed. Raises Failed, Busy, Unavailable."""
    state = run.sessions[session]
    if _commits_in_sandbox(run, state):
        services.worktrees.take_commits(SessionKey(run.id, session), run.branch_of(state.job))


def _commits_in_sandbox(run: Run, session: Session) -> bool:
    """Whether this session is alive in a sandbox and has a branch of its own."""
    if session.phase is SessionPhase.ENDED:
        return False

    if run.workflow.lanes[session.lane].sandbox is Sandbox.NONE:
        return False

    return run.jobs[session.job].writes
