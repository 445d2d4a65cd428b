"""What a report says of each changed file: how it changed, its lines, its mode and its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitorch.errors import Unavailable
from gitorch.model.ids import CommitId
from gitorch.model.values import replace
from gitorch.model.work.report import FileChange, HowChanged
from gitorch.rules.scope.hazards import ABSENT, REPOSITORY
from gitorch.world.git.runner import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitorch.world.git.runner import GitRunner

ORDINARY = "100644"

NO_COMMON_HISTORY = 1
"""The status of `git merge-base` for commits without a merge base; git 2.39 also ends with it
where it cannot read a commit, and only then prints an error."""

OPTIONS = ("--raw", "--numstat", "-z", "--find-renames=50%", "-l1000", "--ignore-submodules=none", "--abbrev=64")
"""The user's settings for renames do not count: the same commits always give the same report."""

PATCH_FORM = (
    "--no-color",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--unified=3",
    "--find-renames",
    "--submodule=short",
    "--diff-algorithm=default",
)
"""The form of a patch, which `diff.*` settings would change otherwise."""

WORDS = {"A": HowChanged.ADDED, "D": HowChanged.DELETED, "R": HowChanged.RENAMED}


class _Entry(NamedTuple):
    """One file of `git diff --raw`."""

    change: FileChange
    blob: str
    """The id of its new content; empty when it has none in this repository."""


def fork(git: GitRunner, base: CommitId, head: CommitId) -> CommitId:
    """The merge base of two commits; `base` itself when they have no common history.

    Raises Unavailable where git fails, and where it cannot read a commit between them: that is no answer.
    """
    result = git.run("merge-base", base, head)
    if result.status == NO_COMMON_HISTORY and not result.err:
        return base

    if result.status != 0:
        raise Unavailable(
            f"the merge base of {base[:12]} and {head[:12]} cannot be found: {result.err}", "gitorch doctor"
        )

    return CommitId(result.out.strip())


def file_changes(git: GitRunner, base: CommitId, head: CommitId) -> tuple[FileChange, ...]:
    """Every file that differs between two commits, in git's order of paths. Raises Unavailable.

    A file counts as renamed when at least half of its lines stayed. A binary file has no lines; a submodule has no size.
    """
    parts = iter(split(git.output("diff", *OPTIONS, base, head, "--")))
    entries: dict[str, _Entry] = {}
    lines: dict[str, tuple[str, str]] = {}

    for part in parts:
        if part.startswith(":"):
            entry = _entry(part, parts)
            entries[entry.change.path] = entry
        else:
            path, numbers = _numbers(part, parts)
            lines[path] = numbers

    sizes = _sizes(git, [entry.blob for entry in entries.values() if entry.blob])
    found = [_measured(entry, lines, sizes) for entry in entries.values()]
    return tuple(sorted(found, key=lambda change: change.path))


def _entry(part: str, parts: Iterator[str]) -> _Entry:
    """The file that an entry describes; its one or two paths follow."""
    before, after, _, blob, status = part.removeprefix(":").split(" ")
    path = next(parts)
    old_path = ""
    if status.startswith("R"):
        old_path, path = path, next(parts)

    mode = ""
    if _is_notable(before, after):
        mode = f"{before} → {after}"
    if after in {ABSENT, REPOSITORY}:
        blob = ""

    how = WORDS.get(status[0], HowChanged.MODIFIED)
    return _Entry(FileChange(path, how, before=old_path, mode=mode), blob)


def _is_notable(before: str, after: str) -> bool:
    """Whether a mode changed, or that of a new file is none of an ordinary file."""
    if after in {ABSENT, before}:
        return False
    return before != ABSENT or after != ORDINARY


def _numbers(part: str, parts: Iterator[str]) -> tuple[str, tuple[str, str]]:
    """A path, with the numbers of added and removed lines: dashes for a binary file. A renamed file has two paths."""
    added, removed, path = part.split("\t", 2)
    if not path:
        next(parts)
        path = next(parts)

    return path, (added, removed)


def _sizes(git: GitRunner, blobs: Iterable[str]) -> dict[str, int]:
    """The bytes of each blob by its id, from one git command. A blob that the repository lacks is left out."""
    given = "".join(f"{blob}\n" for blob in dict.fromkeys(blobs))
    if not given:
        return {}

    found = {}
    for line in git.output("cat-file", "--batch-check=%(objectname) %(objectsize)", given=given.encode()).splitlines():
        blob, _, size = line.partition(" ")
        if size.isdigit():
            found[blob] = int(size)
    return found


def _measured(entry: _Entry, lines: dict[str, tuple[str, str]], sizes: dict[str, int]) -> FileChange:
    """The change with its lines and its size."""
    change = replace(entry.change, size=sizes.get(entry.blob, 0))
    added, removed = lines.get(change.path, ("0", "0"))
    if added == "-":
        return replace(change, binary=True)

    return replace(change, added=int(added), removed=int(removed))


def patch(git: GitRunner, base: CommitId, head: CommitId) -> str:
    """The difference between two commits in git's own form, whatever a user's settings say. Raises Unavailable."""
    return git.output("diff", *PATCH_FORM, base, head, "--")
