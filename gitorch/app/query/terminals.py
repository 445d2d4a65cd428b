"""Whether the terminals that agents run in can be had at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import active_runs, load_runs
from gitorch.errors import Unavailable

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import RunId


def require_terminals(services: Services, only: RunId | None) -> None:
    """Refuse to drive a run, or all runs, whose agents need tmux where it is not installed; work by hand needs none.

    Raises Unavailable with the command that installs it.
    """
    if services.programs.find("tmux"):
        return

    runs = active_runs(services) if only is None else (only,)
    for run in load_runs(services, runs):
        if not run.settings.manual and not run.phase.is_over:
            raise Unavailable("tmux is not installed, and agents run in it", "apt-get install tmux")
