"""A worktree that several jobs use one after the other: brought from the branch of one to that of the next.

What git ignores stays (dependencies, caches: what such a worktree is shared for). What git does not ignore and nobody
committed is the work of the job before, and is kept on a branch of its own.
"""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

from gitorch.errors import Failed
from gitorch.world.git.drafts import draft
from gitorch.world.git.runner import OWN_FOLDER, uncommitted_paths

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, Moment
    from gitorch.world.git.runner import GitRunner

CHECKOUT_SECONDS = 900.0
BY = "gitorch <gitorch@localhost>"
MESSAGE = "Keep what was not committed when another job got this worktree"


def take_over(git: GitRunner, commit: CommitId, branch: str, at: Moment) -> None:
    """Check out the branch, begun at `commit` where there is none; nothing happens where it is checked out already.

    Each step leaves what it did to be seen by the next try: a kill between any two of them loses nothing. Raises Failed.
    """
    before = git.ask("symbolic-ref", "--quiet", "HEAD").out.strip()
    if before == f"refs/heads/{branch}":
        return
    if uncommitted := uncommitted_paths(git):
        _put_aside(git, before, uncommitted[0], at)
    shutil.rmtree(git.where / OWN_FOLDER, ignore_errors=True)  # the brief, the prompts and the outbox of the job before
    known = git.ask("show-ref", "--verify", "--quiet", f"refs/heads/{branch}").status == 0
    words = (branch,) if known else ("--no-track", "-b", branch, commit)
    done = git.ask("checkout", "--quiet", *words, "--", wait_seconds=CHECKOUT_SECONDS)
    if done.status != 0:
        raise Failed(f"git cannot bring {git.where} to {branch}: {done.err}", hint=f"git -C {git.where} status")


def _put_aside(git: GitRunner, before: str, path: str, at: Moment) -> None:
    """Commit what stands in the worktree to `<branch>.left-<n>`, and clean it."""
    left = draft(git, MESSAGE, BY, at) if before else None
    if left is None:
        message = f"{git.where} is shared, is on no branch, and holds {path}, which no commit holds"
        raise Failed(message, hint=f"git -C {git.where} status")
    for number in itertools.count(1):
        ref = f"{before}.left-{number}"
        if git.ask("show-ref", "--verify", "--quiet", ref).status != 0:
            git.tell("update-ref", "-m", "gitorch: keep what was not committed", ref, left, "")
            break
    git.tell("reset", "--quiet", "--hard")
    git.tell("clean", "--quiet", "--force", "-d", "--exclude", f"/{OWN_FOLDER}/")
