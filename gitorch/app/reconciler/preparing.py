"""Worktrees that are made ready for work before their agents start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.work.context import ensure_worktree
from gitorch.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model import effects
    from gitorch.model.commands import Command
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

PATHS_SHOWN_MAX = 5


def set_up_worktree(
    services: Services,
    run: Run,
    effect: effects.SetUpWorktree,
) -> tuple[Command, ...]:
    """Make the worktree where it is missing, and begin to set it up; a later observation tells how that ended."""
    session = run.sessions[effect.session]
    worktree = services.paths.worktree(run, session.id)
    ensure_worktree(services, run, session, worktree)
    services.setups.start(worktree, run.settings.preparation)
    return ()


def require_clean_set_up(
    services: Services,
    run: Run,
    session: Session,
    worktree: Path,
) -> None:
    """Nothing that the set-up made may be seen by git: an agent would commit it, or could not hand in beside it.

    Only the first session of a job is looked at: a later one may find the work of the one before.
    Raises Refused with a command that makes git ignore the first of these files.
    """
    if run.settings.preparation.is_empty or not _is_first(run, session):
        return

    job = run.jobs[session.job]
    left = services.git.facts(worktree, job.base or run.target_commit, ()).uncommitted
    if not left:
        return

    shown = ", ".join(left[:PATHS_SHOWN_MAX])
    if len(left) > PATHS_SHOWN_MAX:
        shown += ", …"
    top = left[0].partition("/")[0]
    exclude = services.home.parent / "info" / "exclude"
    message = f"the set-up of worktrees left files, now or before, that git does not ignore and the agent would commit: {shown}"
    raise Refused(message, f"echo '/{top}' >> {exclude}")


def _is_first(run: Run, session: Session) -> bool:
    """Whether no other session had this job, which changes files."""
    if not run.jobs[session.job].writes:
        return False

    jobs = [other.job for other in run.sessions.values()]
    return jobs.count(session.job) == 1
