"""The worktrees of a repository that was moved or copied: found again, their links repaired, moved where they are expected."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.world.files import append_line, write_whole
from gitorch.world.git.folders import lines
from gitorch.world.git.worktrees import MADE_FOLDERS
from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitorch.ports.place import FolderPair, Relocation
    from gitorch.world.git.runner import GitRunner


def repair_worktrees(
    git: GitRunner,
    root: Path,
    relocation: Relocation,
    folders: Sequence[FolderPair],
) -> tuple[str, ...]:
    """Repair each worktree below these folders, and move it where it is expected now; a sentence for each.

    A worktree is looked for where git recorded it, where it is expected, and beside the repository as before. It counts only
    if its `.git` file names this repository, in its old place or its new one. A copy leaves the original's alone. git
    forgets a worktree that is nowhere, so that it can be made again from its branch.
    """
    done: list[str] = []
    if not relocation.copied:
        _note_moved_folders(git.common / "gitorch" / MADE_FOLDERS, folders)
    for record in sorted((git.common / "worktrees").glob("*/gitdir")):
        recorded = _recorded_path(record)
        expected = _expected_path(recorded, folders)
        if expected is None:  # a person's
            continue
        found = _find(record.parent, recorded, expected, root, relocation)
        if found is None:
            if not (record.parent / "locked").exists():
                shutil.rmtree(record.parent)
                done.append(f"forgot the worktree {recorded}, which is not there any more")
            continue
        _repair(git, record.parent, found)
        done.append(_move(git, found, expected))
    if not relocation.copied:
        _remove_left_folders(git.common / "gitorch" / MADE_FOLDERS, folders)
    return tuple(done)


def _remove_left_folders(made: Path, folders: Sequence[FolderPair]) -> None:
    """Remove the folders that gitorch made in the old place and that are empty now, the innermost first.

    A move removes them as well; a process that was killed after it did not come to that.
    """
    for name in sorted(set(lines(made)), reverse=True):
        moved = _new_name(Path(name), folders)
        if moved is not None and moved != Path(name):
            with suppress(OSError):
                Path(name).rmdir()


def _note_moved_folders(made: Path, folders: Sequence[FolderPair]) -> None:
    """Note the new names of folders that gitorch made and that were moved along, so that a cleanup still removes them."""
    known = set(lines(made))
    for name in sorted(known):
        moved = _new_name(Path(name), folders)
        if moved is None or str(moved) in known:
            continue

        if moved.is_dir() and not Path(name).exists():
            append_line(made, os.fsencode(moved))


def _new_name(made: Path, folders: Sequence[FolderPair]) -> Path | None:
    """Where a folder lies that was moved together with a folder of worktrees, in it or around it; None for any other."""
    for pair in folders:
        if made.is_relative_to(pair.old):
            return pair.new / made.relative_to(pair.old)

        if pair.old.is_relative_to(made):
            below = pair.old.relative_to(made).parts
            if pair.new.parts[-len(below) :] == below:
                return pair.new.parents[len(below) - 1]

    return None


def _recorded_path(record: Path) -> Path:
    """Where git recorded the worktree; a relative path starts from its record."""
    text = os.fsdecode(whole(record)).rstrip("\n")
    return Path(os.path.normpath(record.parent / text)).parent


def _expected_path(recorded: Path, folders: Sequence[FolderPair]) -> Path | None:
    """Where gitorch expects the worktree now; None for one that is not gitorch's."""
    for folder in folders:
        for one in (folder.old, folder.new):
            if recorded.is_relative_to(one):
                return folder.new / recorded.relative_to(one)
    return None


def _find(
    record: Path,
    recorded: Path,
    expected: Path,
    root: Path,
    relocation: Relocation,
) -> Path | None:
    """The first place that holds this worktree; None when there is none."""
    for place in _candidates(recorded, expected, root, relocation):
        named = _named_record(place / ".git")
        if named == record:
            return place
        if named == relocation.old_common / "worktrees" / record.name:
            return place
    return None


def _candidates(recorded: Path, expected: Path, root: Path, relocation: Relocation) -> Iterator[Path]:
    """Where a worktree may be. What git recorded is the original's worktree when the repository is a copy."""
    yield expected
    if not relocation.copied:
        yield recorded
    beside = os.path.relpath(recorded, relocation.old.parent)
    moved_along = Path(os.path.normpath(root.parent / beside))
    if moved_along != recorded:
        yield moved_along


def _named_record(dot_git: Path) -> Path | None:
    """The folder in a git directory that a worktree's `.git` file names; None without one."""
    if dot_git.is_symlink() or not dot_git.is_file():
        return None
    text = os.fsdecode(whole(dot_git)).rstrip("\n")
    return Path(os.path.normpath(dot_git.parent / text.removeprefix("gitdir: ")))


def _repair(git: GitRunner, record: Path, found: Path) -> None:
    """Make a worktree and its record name each other.

    The worktree comes first: git would follow what its `.git` file names, and repair the original of a copy.
    """
    write_whole(found / ".git", b"gitdir: " + os.fsencode(record) + b"\n", mode=0o644)
    git.output("worktree", "repair", str(found))


def _move(git: GitRunner, found: Path, expected: Path) -> str:
    """Move a repaired worktree where it is expected, unless something is there or git refuses; what was done."""
    if found == expected:
        return f"repaired the worktree {found}"
    if expected.exists():
        return f"repaired the worktree {found}; it stays there because {expected} exists"
    for folder in reversed((expected.parent, *expected.parent.parents)):
        if not folder.exists():
            append_line(git.common / "gitorch" / MADE_FOLDERS, os.fsencode(folder))
            folder.mkdir()
    result = git.run("worktree", "move", str(found), str(expected))
    if result.status != 0:
        return f"repaired the worktree {found}; it stays there: {result.err}"
    for folder in (found.parent, found.parent.parent):
        if not any(folder.iterdir()):
            folder.rmdir()
    return f"repaired the worktree {found} and moved it to {expected}"
