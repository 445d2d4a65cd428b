"""The one root of a repository, found from its common git directory, whoever asks from wherever.

The configuration, the folder of worktrees and the names of tmux servers depend on it. So it never depends on the folder
that somebody happens to stand in: an agent in its worktree and the principal in the main checkout find the same one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.world.files import read_json, write_json
from gitorch.world.git.directories import repository_directories
from gitorch.world.git.ownership import OUR_BRANCHES
from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "root"
"""In the folder of gitorch: the root with which the repository was set up, where more than one could be meant."""

HEAD_PREFIX = "ref: "
FOLDER_NAME = "worktrees"


def root_of(common: Path, start: Path) -> Path:
    """The folder that configuration and relative paths belong to: the main checkout where the repository has one.

    A bare repository may have linked worktrees. Then it is the one in which `gitorch init` ran, otherwise the one that has
    the repository's own branch checked out, otherwise the folder whose `.git` file names the repository. Without any of
    these, and before `gitorch init`, it is the checkout of a person around `start`, else the git directory itself.
    """
    if common.name == ".git":
        return common.parent

    for place in _candidates(common, start):
        if place == common or is_checkout(place, common):
            return place
    return common


def _candidates(common: Path, start: Path) -> Iterator[Path]:
    """Folders that may be the root, the best first; each has still to be checked."""
    named = _core_worktree(common)
    if named is not None:
        yield named
    remembered = (read_json(common / "gitorch" / FILE) or {}).get("root")
    if isinstance(remembered, str) and remembered:
        yield Path(os.path.normpath(common / remembered))
    yield from _checkouts_of_head(common)
    yield common.parent
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / ".git").exists():
            yield folder


def is_checkout(place: Path, common: Path) -> bool:
    """Whether a folder is a checkout of the repository that people made: its `.git` leads there, and its branch is not ours."""
    if not (place / ".git").exists():
        return False

    directories = repository_directories(place)
    if directories.common != common:
        return False
    return not _head(directories.git_dir).startswith(OUR_BRANCHES)


def remember_root(place: Path, common: Path) -> None:
    """From now on this is the root, where the layout alone does not tell."""
    if common.name == ".git":
        return

    path = common / "gitorch" / FILE
    values = {"root": os.path.relpath(place, common)}
    if read_json(path) != values:
        write_json(path, values)


def worktrees_folder(common: Path, like: Path | None = None) -> Path:
    """Where worktrees lie unless the configuration says otherwise: beside the repository, whichever checkout is its root.

    Those of a submodule lie beside its superproject, since they would be untracked files inside of it.
    The layout is that of the repository `like` where given, as for a place that the repository was moved away from.
    """
    if common.name == ".git":
        return _beside(common.parent)

    for above in common.parents:
        if above.name == ".git":
            inner = common.relative_to(above).parts
            return _beside(above.parent, *inner[1:])

    layout = like or common
    if repository_directories(layout.parent).git_dir == layout:  # `.bare` below a folder whose `.git` file names it
        return _beside(common.parent)
    return _beside(common)


def _beside(place: Path, *more: str) -> Path:
    """The folder beside a place that has its name, and more."""
    name = ".".join((place.name, *more, FOLDER_NAME))
    return place.parent / name


def _core_worktree(common: Path) -> Path | None:
    """The checkout that a submodule's configuration names; None without one.

    git writes the key by itself, one `worktree = PATH` on a line of its own; another form is left to `git`.
    """
    try:
        text = os.fsdecode(whole(common / "config"))
    except OSError:
        return None

    for line in text.splitlines():
        key, _, value = line.strip().partition("=")
        if key.strip().lower() == "worktree":
            return (common / value.strip().strip('"')).resolve()
    return None


def _checkouts_of_head(common: Path) -> Iterator[Path]:
    """The linked worktrees that have the repository's own branch checked out; git allows one."""
    branch = _head(common)
    if not branch:
        return

    for record in sorted((common / "worktrees").glob("*/gitdir")):
        if _head(record.parent) == branch:
            named = record.parent / os.fsdecode(whole(record)).rstrip("\n")
            yield named.parent.resolve()


def _head(git_dir: Path) -> str:
    """The branch that is checked out there, by its full name; empty for a detached head, and where HEAD cannot be read."""
    try:
        text = os.fsdecode(whole(git_dir / "HEAD")).strip()
    except OSError:
        return ""

    if not text.startswith(HEAD_PREFIX):
        return ""
    return text.removeprefix(HEAD_PREFIX).strip()
