"""What the sandbox of a session leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import Sandbox
from gitorch.ports.world import LaunchSandbox

if TYPE_CHECKING:
    from gitorch.app.services import Services
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
