"""Worktrees by name: those of runs, and those that people make for manual work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import run_lines
from gitorch.app.sessions.sessions import checked_name
from gitorch.app.worktree_paths import MANUAL
from gitorch.errors import Failed, NotFound, Refused
from gitorch.model.path_text import shell_word
from gitorch.model.values import Value
from gitorch.model.work.run import OVER

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.ids import CommitId, JobId
    from gitorch.model.work.board import RunLine
    from gitorch.ports.git import WorktreeEntry


class WorktreeRow(Value):
    """A worktree of gitorch's."""

    name: str
    owner: str
    """The id of its run; empty for one that was made for manual work."""
    phase: str
    """The phase of its run; empty without one."""
    path: Path
    branch: str
    head: str
    uncommitted: int
    """How many files have changes that are not committed."""

    @property
    def full_name(self) -> str:
        """The name with its run or `by-hand` before it, which no two worktrees share."""
        return f"{self.owner or MANUAL}/{self.name}"

    def is_called(self, name: str) -> bool:
        """Whether this is the worktree's name, full name or path."""
        return name in {self.name, self.full_name, str(self.path)}


def create(services: Services, name: str, start: str) -> WorktreeRow:
    """Make a worktree for manual work on the branch `gitorch/by-hand/<name>`, from a local branch.

    An empty `start` means the merge target. A branch of this name that exists already is used as it is.

    Raises Usage for a bad name.
    Raises NotFound for an unknown branch.
    Raises Refused where the worktree exists.
    Raises Failed where git cannot make it.
    """
    job = checked_name(name, "gitorch worktree create")
    start = start or services.config.merge_target
    commit = services.git.resolve(start)
    if commit is None:
        raise NotFound(f"{start[:200]!r} is not a local branch to start from", "git branch --list")

    path = services.paths.folder(services.config.base_path) / MANUAL / job
    if _row_at(services, path) is not None:
        raise Refused(f"there is a worktree {name} already, at {path}", "gitorch worktree list")

    return _made(services, path, commit, job)


def _made(services: Services, path: Path, commit: CommitId, job: JobId) -> WorktreeRow:
    """Make the worktree and give its row. Raises Failed."""
    services.worktrees.ensure(path, commit, f"gitorch/{MANUAL}/{job}")
    made = _row_at(services, path)
    if made is None:
        raise Failed(f"`git worktree add` left no worktree at {path}", "git worktree list")

    return made


def _row_at(services: Services, path: Path) -> WorktreeRow | None:
    """The worktree at exactly this path; None without one."""
    for row in list_worktrees(services):
        if row.path == path:
            return row

    return None


def list_worktrees(services: Services) -> tuple[WorktreeRow, ...]:
    """Every worktree of gitorch's below the configured folder, by path.

    Each is asked for its uncommitted changes, so that the call takes longer the more there are.
    """
    base = services.paths.folder(services.config.base_path)
    lines = {str(line.id): line for line in run_lines(services)}
    rows: list[WorktreeRow] = []
    for entry in services.worktrees.below(base):
        owner = entry.path.relative_to(base).parts[0]
        rows.append(_row(base, lines.get(owner), entry))
    return tuple(rows)


def _row(base: Path, line: RunLine | None, entry: WorktreeEntry) -> WorktreeRow:
    """A worktree below `base` with its run; without a run it was made for manual work."""
    owner = phase = ""
    if line is not None:
        owner, phase = str(line.id), str(line.phase)

    # The first folder below `base` is the run's, or that of manual work.
    name = "/".join(entry.path.relative_to(base).parts[1:])
    return WorktreeRow(
        name=name or entry.path.name,
        owner=owner,
        phase=phase,
        path=entry.path,
        branch=entry.branch,
        head=entry.head,
        uncommitted=entry.uncommitted,
    )


def remove(services: Services, name: str) -> WorktreeRow:
    """Remove a clean worktree that no active run holds, and give it as it was; its branch stays.

    Raises NotFound for an unknown name.
    Raises Refused for a name of several, for one that an active run holds, and for one with uncommitted changes.
    """
    row = _find(services, name)
    if row.owner and row.phase not in OVER:
        raise Refused(f"{row.name} belongs to run {row.owner}, which is {row.phase}", f"gitorch status {row.owner}")

    reason = services.worktrees.remove(row.path)
    if reason:
        raise Refused(reason, f"git -C {shell_word(row.path)} status")

    services.worktrees.tidy(row.path.parent)
    return row


def _find(services: Services, name: str) -> WorktreeRow:
    """The worktree of this name, full name or path. Raises NotFound, and Refused where several have the name."""
    matches = []
    for row in list_worktrees(services):
        if row.is_called(name):
            matches.append(row)
    if not matches:
        raise NotFound(f"there is no worktree {name[:60]!r}", "gitorch worktree list")

    _require_one(name, matches)
    return matches[0]


def _require_one(name: str, matches: list[WorktreeRow]) -> None:
    """Raises Refused where several worktrees have the name."""
    if len(matches) > 1:
        names = [row.full_name for row in matches]
        raise Refused(f"{name} could be any of {', '.join(names)}", f"gitorch worktree remove {names[0]}")
