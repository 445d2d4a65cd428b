"""Work that an agent left on another branch than its own, or on none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.commands import WorkFacts


def mend(services: Services, own: str, facts: WorkFacts) -> str:
    """The command that brings the work to the job's own branch; empty where the worktree has that branch checked out.

    The own branch is moved where nothing on it is lost by that; otherwise the other work is merged into it.
    """
    if facts.branch in {"", own} or facts.checked_out is None:
        return ""

    before = services.git.resolve(own)
    if before is None or services.git.contains(before, facts.checked_out):
        return f"git switch -C {own}"
    return f"git switch {own} && git merge {facts.checked_out}"
