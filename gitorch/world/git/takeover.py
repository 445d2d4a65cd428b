"""A worktree that several jobs use one after the other: moving it from one job's branch to the next.

Ignored files stay: dependencies and caches are the reason to share a worktree. Other files that no commit holds are the
previous job's work, and go to a branch of their own.
"""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

from gitorch.errors import Failed
from gitorch.model.ids import CommitId
from gitorch.model.path_text import shell_word
from gitorch.world.git.drafts import draft
from gitorch.world.git.interrupted import run_checkout, undo_interrupted
from gitorch.world.git.runner import OWN_FOLDER
from gitorch.world.git.status import uncommitted_paths

if TYPE_CHECKING:
    from gitorch.model.ids import Moment
    from gitorch.world.git.runner import GitRunner

AUTHOR = "gitorch <gitorch@localhost>"
MESSAGE = "Keep uncommitted work of the previous job in this worktree"


def take_over(git: GitRunner, commit: CommitId, branch: str, at: Moment) -> None:
    """Check out `branch`, created at `commit` if it does not exist; harmless when it is checked out already.

    Each step leaves a trace that the next try sees, so a kill between any two steps loses nothing.
    Raises Failed when git refuses to switch, or when the uncommitted work is on no branch.
    """
    undo_interrupted(git)
    previous_ref = git.run("symbolic-ref", "--quiet", "HEAD").out.strip()
    if previous_ref == f"refs/heads/{branch}":
        return
    uncommitted = uncommitted_paths(git)
    if uncommitted:
        _save_work(git, previous_ref, uncommitted[0], at)
    shutil.rmtree(git.directory / OWN_FOLDER, ignore_errors=True)  # the previous job's brief, prompts and outbox
    arguments: tuple[str, ...] = ("--no-track", "-b", branch, commit)
    target = commit
    existing = git.run("show-ref", "--verify", "--hash", "--", f"refs/heads/{branch}")
    if existing.status == 0:
        arguments = (branch,)
        target = CommitId(existing.out.strip())
    now = CommitId(git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").out.strip())
    result = run_checkout(git, now, target, "checkout", "--quiet", *arguments, "--")
    if result.status != 0:
        message = f"git cannot switch {git.directory} to {branch}: {result.err}"
        raise Failed(message, hint=f"git -C {shell_word(git.directory)} status")


def _save_work(git: GitRunner, ref: str, path: str, at: Moment) -> None:
    """Commit the worktree's uncommitted files to the first free branch `<ref>.left-<n>`, then clean the worktree."""
    saved = None
    if ref:
        saved = draft(git, MESSAGE, AUTHOR, at)
    if saved is None:
        message = f"{git.directory} is shared, is on no branch, and holds {path}, which no commit holds"
        raise Failed(message, hint=f"git -C {shell_word(git.directory)} status")
    for number in itertools.count(1):
        free = f"{ref}.left-{number}"
        if not git.succeeds("show-ref", "--verify", "--quiet", free):
            git.output("update-ref", "-m", "gitorch: keep uncommitted work", free, saved, "")
            break
    git.output("reset", "--quiet", "--hard")
    git.output("clean", "--quiet", "--force", "-d", "--exclude", f"/{OWN_FOLDER}/")
