"""Worktrees by name: those of runs, and those that somebody wants for work by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.sessions.sessions import checked_name
from gitorch.errors import NotFound, Refused
from gitorch.model.run import OVER
from gitorch.model.values import Value

if TYPE_CHECKING:
    from pathlib import Path

    from gitorch.app.services import Services
    from gitorch.model.board import RunLine
    from gitorch.ports.world import WorktreeEntry

BY_HAND = "by-hand"
"""The folder and the part of a branch's name that stand where a run's id does."""


class Place(Value):
    """A worktree: `owner` is its run, or empty for one that was made by hand; `phase` is that of the run."""

    name: str
    owner: str
    phase: str
    path: Path
    branch: str
    head: str
    uncommitted: int


def create(services: Services, name: str, start: str) -> Place:
    """A worktree for work by hand, on the branch `gitorch/by-hand/<name>`, from a local branch. Raises Usage, NotFound, Refused."""
    job = checked_name(name)
    start = start or services.config.merge_target
    commit = services.git.resolve(start)
    if commit is None:
        raise NotFound(f"{start[:200]!r} is no local branch to start from", "git branch --list")
    path = _by_hand(services) / job
    if any(place.path == path for place in listed(services)):
        raise Refused(f"there is a worktree {name} already, at {path}", "gitorch worktree list")
    services.worktrees.ensure(path, commit, f"gitorch/{BY_HAND}/{job}")
    return next(place for place in listed(services) if place.path == path)


def listed(services: Services) -> tuple[Place, ...]:
    """Every worktree of gitorch's, by path."""
    base = services.paths.folder(services.config.base_path)
    runs = services.ledger.state(None).board.runs if services.ledger.exists() else {}
    lines = {str(line.id): line for line in runs.values()}
    return tuple(
        _place(base, lines.get(seen.path.relative_to(base).parts[0]), seen) for seen in services.worktrees.below(base)
    )


def _place(base: Path, line: RunLine | None, seen: WorktreeEntry) -> Place:
    owner = "" if line is None else str(line.id)
    phase = "" if line is None else str(line.phase)
    name = "/".join(seen.path.relative_to(base).parts[1:]) or seen.path.name
    return Place(name, owner, phase, seen.path, seen.branch, seen.head, seen.uncommitted)


def remove(services: Services, name: str) -> Place:
    """Remove one, clean and held by no run that is open; its branch stays. Raises NotFound, Refused."""
    wanted = [p for p in listed(services) if name in {p.name, f"{p.owner or BY_HAND}/{p.name}", str(p.path)}]
    if len(wanted) > 1:
        names = ", ".join(f"{p.owner or BY_HAND}/{p.name}" for p in wanted)
        raise Refused(f"{name} could be any of {names}", f"gitorch worktree remove {names.split(', ')[0]}")
    if not wanted:
        raise NotFound(f"there is no worktree {name[:60]!r}", "gitorch worktree list")
    place = wanted[0]
    if place.owner and place.phase not in OVER:
        raise Refused(
            f"{place.name} belongs to run {place.owner}, which is {place.phase}", f"gitorch status {place.owner}"
        )
    why = services.worktrees.remove(place.path)
    if why:
        raise Refused(why, f"git -C {place.path} status")
    services.worktrees.tidy(place.path.parent)
    return place


def _by_hand(services: Services) -> Path:
    return services.paths.folder(services.config.base_path) / BY_HAND
