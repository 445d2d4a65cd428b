"""Where the worktrees of runs lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import WorktreeMode
from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import CommitId, JobId, SessionId
    from gitorch.model.plans.workflow import Lane
    from gitorch.model.work.run import Run

MANUAL = "by-hand"
"""The folder of worktrees for manual work, and the part of their branches' names, where those of a run have its id."""

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
"""Characters that mean the same in every file system's names."""


class WorktreePaths(Value):
    """Where the worktrees of runs lie. Only paths are computed; nothing is created."""

    root: Path
    """The folder that relative paths of the configuration start from."""
    default_base: Path
    """The folder for worktrees where the configuration names none."""

    def folder(self, base_path: str) -> Path:
        """The folder for worktrees that a configuration names, relative to the repository's root; empty means the default."""
        if not base_path:
            return self.default_base
        return self.root / Path(base_path).expanduser()

    def base(self, run: Run) -> Path:
        """The folder that this run's worktrees lie in, which nothing but this run uses."""
        return self.folder(run.settings.worktrees) / run.id

    def worktree(self, run: Run, session: SessionId) -> Path:
        """The worktree of a session: all sessions of an author share that of their job; each reviewer has its own.

        An author that follows another finds what the other left; a reviewer never sees another's files.
        """
        job = run.jobs[run.sessions[session].job]
        if job.writes:
            return self.job_worktree(run, job.spec.id)
        return self.base(run) / f"{job.spec.id}-{session}"

    def name_of(self, job: JobId, lane: Lane) -> str:
        """The folder of a job that changes files within those of its run: its own, or the one that the jobs of its lane share."""
        if lane.worktree is WorktreeMode.SHARED:
            return shared_name(lane.name)
        return job

    def job_worktree(self, run: Run, job: JobId) -> Path:
        """The worktree of a job that changes files: its own, or the one that the jobs of its lane share."""
        state = run.jobs[job]
        if run.shares_worktree(state):
            return self.base(run) / shared_name(state.spec.lane)
        return self.base(run) / job

    def check_worktree(self, run: Run, commit: CommitId) -> Path:
        """Where a commit is checked out to be tested: a folder for each commit, so that its run can be found again after a kill."""
        return self.base(run) / f"check-{commit[:12]}"


def shared_name(lane: str) -> str:
    """The folder of the worktree that a lane's jobs share; no job can have this name, and no two lanes have the same.

    Every character that a file system could change is written as `+` and its code point in hexadecimal digits.
    """
    name = "lane+"
    for character in lane:
        if character in PLAIN:
            name += character
        else:
            name += f"+{ord(character):x}"
    return name
