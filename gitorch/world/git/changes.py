"""What a branch changes, as git tells it: paths with their modes, where links lead, and what keeps it from being merged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.rules.scope.hazards import ABSENT, LINK, REPOSITORY, Change, hazards
from gitorch.world.git.runner import split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.ids import CommitId
    from gitorch.world.git.runner import GitRunner

MODULE_PATH = re.compile(r"^submodule\..*\.path\n(.*)$", re.DOTALL)


def changes(git: GitRunner, base: CommitId, head: CommitId) -> tuple[Change, ...]:
    """Every path that differs between two commits, both names of a renamed one."""
    words = ("diff", "--raw", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", "--abbrev=64")
    told = iter(split(git.tell(*words, base, head, "--")))
    return tuple(_change(git, row, path) for row, path in zip(told, told, strict=True))


def _change(git: GitRunner, row: str, path: str) -> Change:
    before, after, _, blob, _ = row.removeprefix(":").split(" ")
    target = git.tell("cat-file", "blob", blob) if after == LINK else ""
    return Change(path, before, after, target)


def hazards_of(git: GitRunner, head: CommitId, changed: tuple[Change, ...]) -> tuple[str, ...]:
    """What keeps these changes from being merged, for all that git would take them."""
    added = any(change.before == ABSENT for change in changed)
    nested = any(change.after == REPOSITORY for change in changed)
    held = split(git.tell("ls-tree", "-r", "-z", "--name-only", "--full-tree", head)) if added else ()
    return hazards(changed, held, tuple(_submodules(git, head)) if nested else ())


def _submodules(git: GitRunner, head: CommitId) -> Iterator[str]:
    """The paths of the submodules that the commit itself declares."""
    done = git.ask("config", "-z", "--blob", f"{head}:.gitmodules", "--get-regexp", r"^submodule\..*\.path$")
    for entry in split(done.out) if done.status == 0 else ():
        found = MODULE_PATH.match(entry)
        if found is not None:
            yield found[1]
