"""A repository that was moved, copied or restored: its worktrees and agents follow before anything else is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.query.lookup import load_runs, run_lines
from gitorch.app.worktree_paths import MANUAL, WorktreePaths
from gitorch.ports.place import FolderPair

if TYPE_CHECKING:
    from gitorch.app.services import Services
    from gitorch.ports.place import Relocation


def settle_place(services: Services) -> tuple[str, ...]:
    """Put right what still names the old place of a repository that was moved or copied; a sentence for each thing done.

    Nothing for one that lies where it was. The caller holds the lock of the loop. Done again when it was killed.
    Temporary files whose writers were killed are removed without a word, wherever the repository lies.
    Raises Failed for an agent that cannot be ended, Unavailable where tmux or git does not answer.
    """
    relocation = services.place.relocation()
    done: list[str] = []
    if relocation is not None:
        done.append(relocation.sentence)
        done.extend(services.place.end_agents(relocation))
        done.extend(services.place.repair_worktrees(relocation, _folders(services, relocation)))
    services.place.remember()
    services.files.sweep(services.home)
    return tuple(done)


def settle_now(services: Services) -> tuple[str, ...]:
    """The same for a verb that holds no lock. Raises Busy where a loop runs, which did it when it began."""
    with services.ledger.hold("up"):
        return settle_place(services)


def place_sentence(services: Services) -> str:
    """What happened to the repository since gitorch last worked on it; empty where it lies as before."""
    relocation = services.place.relocation()
    if relocation is None:
        return ""
    return relocation.sentence


def _folders(services: Services, relocation: Relocation) -> tuple[FolderPair, ...]:
    """The folders of every run that is not cleaned up, and that of manual work, as expected before and now."""
    before = WorktreePaths(relocation.old, relocation.old_worktrees)
    manual = services.config.base_path
    pairs = [FolderPair(before.folder(manual) / MANUAL, services.paths.folder(manual) / MANUAL)]
    for run in load_runs(services, tuple(line.id for line in run_lines(services))):
        if not run.cleaned:
            pairs.append(FolderPair(before.base(run), services.paths.base(run)))
    return tuple(pairs)
