"""Which run `gitorch cleanup` means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import find_run, listed, run_lines
from gitorch.errors import Usage

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.model.ids import RunId
    from gitorch.model.work.run import Run


def find_run_to_clean(services: Services, name: str | None) -> Run:
    """The run that was named; without a name, the only one that is over and not cleaned up yet.

    Where all are cleaned up, the only one of which this host still has worktrees; without such a run the default one, so that
    the caller can say why it cannot be cleaned up.
    Raises Usage where several are left, NotFound for an unknown name.
    """
    if name is not None:
        return find_run(services, name)

    left = _runs_to_clean(services)
    if len(left) > 1:
        raise Usage(f"several runs can be cleaned up: {listed(left)}", f"gitorch cleanup {left[0]}")
    if left:
        return find_run(services, left[0])
    return find_run(services, None)


def _runs_to_clean(services: Services) -> list[RunId]:
    """Runs that are over and not cleaned up yet, otherwise those whose folder of worktrees this host still has, oldest first."""
    left: list[RunId] = []
    left_here: list[RunId] = []
    folder = services.paths.folder(services.config.base_path)
    for line in run_lines(services):
        if not line.phase.is_over:
            continue

        if not line.cleaned:
            left.append(line.id)
        elif (folder / line.id).exists():
            left_here.append(line.id)
    return left or left_here
