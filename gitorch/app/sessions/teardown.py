"""Ending a session in the world: its terminal, and the worktree of a reviewer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitorch.errors import Failed
from gitorch.model import commands
from gitorch.model.plans.workflow import Sandbox
from gitorch.model.work.session import SessionKey, SessionPhase
from gitorch.rules.usage.counting import growth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.app.services import Services
    from gitorch.model.commands import Command
    from gitorch.model.ids import SessionId
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session


def tear_down(services: Services, run: Run, session: SessionId) -> str:
    """End the agent of a session, and bring in what it committed in its sandbox until then.

    A reviewer's worktree holds no work of its own and is removed with it.

    The result is empty, or why that worktree stays: it became a person's.
    Must be done before the ledger says that the session ended: from then on another agent may start in the same worktree.
    """
    state = run.sessions[session]
    if not state.holder:
        services.terminals.stop(SessionKey(run.id, session))
    if run.jobs[state.job].writes:
        with suppress(Failed):  # commits that git does not accept stay where they are
            take_commits(services, run, session)
        return ""

    return services.worktrees.remove(services.paths.worktree(run, session), force=True)


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


def last_usage(services: Services, run: Run, session: SessionId) -> Iterator[Command]:
    """The record of what a session used until its end; nothing for a manual claim, and where it was recorded already.

    To be asked once its program has ended: until then it may write more.
    """
    state = run.sessions[session]
    if state.is_manual:
        return

    reading = services.terminals.usage(SessionKey(run.id, session))
    if growth(state, reading.models):
        yield commands.RecordUsage(session, reading)
