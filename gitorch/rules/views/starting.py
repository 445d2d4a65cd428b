"""What an agent does that has a job and has not begun it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.work.session import SessionPhase
from gitorch.rules.guards.beginning import launch_before

if TYPE_CHECKING:
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


def starting(run: Run, session: Session | None) -> str:
    """What it does, in words that follow its name; the agents of a batch begin together, so it may wait for another one."""
    if session is None or session.phase is not SessionPhase.ALIVE:
        return "is starting"

    other = launch_before(run, session)
    if other is None:
        return "is starting"

    return f"is ready, and begins once the agent of {other} has started"
