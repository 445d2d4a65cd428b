"""`worktree`: worktrees by name, those of runs and those for manual work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.cli.pages.page import Cell, Page
from gitorch.cli.verb_function import group, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.app.sessions.worktrees import WorktreeRow
    from gitorch.cli.call import Call


@group("worktree")
def worktree() -> None:
    """Manage worktrees by name: create, list, remove."""


@verb("worktree create")
def create(call: Call, name: str, start: str) -> None:
    """Create a worktree for manual work, on a branch of its own."""
    from gitorch.app.sessions import worktrees

    call.people_only("worktree create")
    made = worktrees.create(call.services, name, start)
    call.say({"worktree": made}, f"{made.path} is on branch {made.branch} at {made.head[:12]}.")


@verb("worktree list")
def list_(call: Call) -> None:
    """List the worktrees of all runs, and those for manual work."""
    from gitorch.app.sessions import worktrees

    found = worktrees.list_worktrees(call.services)
    call.say({"worktrees": found}, lambda page: _text(found, page))


def _text(found: Sequence[WorktreeRow], page: Page) -> str:
    """The worktrees as a table."""
    if not found:
        return "gitorch has no worktree here. Create one: gitorch worktree create NAME"

    return "\n".join(page.table([_cells(place) for place in found], shrinks=(5, 1, 0)))


def _cells(place: WorktreeRow) -> tuple[Cell, ...]:
    """The row of one worktree: name, owner, branch or `detached`, and commit."""
    owner = "by hand"
    if place.owner:
        owner = f"{place.owner} {place.phase}"

    state = "clean"
    if place.uncommitted:
        state = f"{place.uncommitted} not committed"

    return (
        Cell(place.name, "bold"),
        Cell(owner, "dim"),
        Cell(place.branch or "detached"),
        Cell(place.head[:12]),
        Cell(state),
        Cell(str(place.path), "dim"),
    )


@verb("worktree remove")
def remove(call: Call, name: str) -> None:
    """Remove a clean worktree that no open run uses."""
    from gitorch.app.sessions import worktrees

    call.people_only("worktree remove")
    removed = worktrees.remove(call.services, name)
    text = f"{removed.path} is removed."
    if removed.branch:
        text += f" Its branch {removed.branch} is kept."

    call.say({"removed": removed}, text)
