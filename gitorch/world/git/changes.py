"""What a branch changes, as git tells it: paths with their modes, where links lead, and what keeps it from being merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.rules.scope.hazards import ABSENT, LINK, REPOSITORY, Change, hazards, wrong_with_modules
from gitorch.world.git.runner import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitorch.model.ids import CommitId
    from gitorch.world.git.runner import GitRunner

FOLDER = "040000 "
"""How `git ls-tree` begins the row of a folder."""
MODULES = ".gitmodules"


def changes(git: GitRunner, base: CommitId, head: CommitId) -> tuple[Change, ...]:
    """Every path that differs between two commits, both names of a renamed one."""
    words = ("diff", "--raw", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", "--abbrev=64")
    told = iter(split(git.tell(*words, base, head, "--")))
    return tuple(_change(git, row, path) for row, path in zip(told, told, strict=True))


def _change(git: GitRunner, row: str, path: str) -> Change:
    before, after, _, blob, _ = row.removeprefix(":").split(" ")
    target = git.tell("cat-file", "blob", blob) if after == LINK else ""
    return Change(path, before, after, target)


class Held(Value):
    """Every path that a commit holds."""

    files: tuple[str, ...]
    folders: tuple[str, ...]


def held_at(git: GitRunner, head: CommitId) -> Held:
    """What a commit holds, in one call of git; a repository inside it counts as a file."""
    rows = [row.partition("\t") for row in split(git.tell("ls-tree", "-r", "-t", "-z", "--full-tree", head))]
    folders = tuple(path for kind, _, path in rows if kind.startswith(FOLDER))
    return Held(tuple(path for kind, _, path in rows if not kind.startswith(FOLDER)), folders)


def hazards_of(
    git: GitRunner, head: CommitId, changed: tuple[Change, ...], held: Callable[[], Held]
) -> tuple[str, ...]:
    """What keeps these changes from being merged, for all that git would take them; `held` is asked only where it matters."""
    added = any(change.before == ABSENT for change in changed)
    nested = any(change.after == REPOSITORY for change in changed)
    modules = tuple(_modules(git, head)) if nested or any(change.path == MODULES for change in changed) else ()
    declared = tuple(value for key, value in modules if key.endswith(".path"))
    return (*hazards(changed, held().files if added else (), declared), *wrong_with_modules(modules))


def _modules(git: GitRunner, head: CommitId) -> Iterator[tuple[str, str]]:
    """Key and value of everything that the commit itself says of submodules."""
    done = git.ask("config", "-z", "--blob", f"{head}:{MODULES}", "--get-regexp", r"^submodule\.")
    for entry in split(done.out) if done.status == 0 else ():
        key, _, value = entry.partition("\n")
        yield key, value
