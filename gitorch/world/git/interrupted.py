"""Checkouts that end half-way: marked before they begin, and undone by us or by whoever comes next.

git writes the files of a checkout one by one and the index at its end. When it is killed in between, the files of two
commits lie side by side, which looks like somebody's work, and committing them would revert the rest of the checkout.
The mark says that the difference is ours, so that the files can be brought back to what the index holds.

The mark is locked while git runs, and git inherits that lock: a mark that can be locked is one that was left behind.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

from gitorch.errors import Busy, GitorchError
from gitorch.model.ids import CommitId
from gitorch.model.path_text import bytes_of
from gitorch.model.values import Value
from gitorch.rules.scope.hazards import ABSENT, LINK
from gitorch.world.files import holding
from gitorch.world.git.runner import split
from gitorch.world.open_files import holders
from gitorch.world.system_names import system_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gitorch.world.git.runner import GitRunner
    from gitorch.world.program_result import ProgramResult

MARK = "gitorch-checkout"
"""The file in the git directory of a checkout that names the two commits of a checkout which has begun."""

CHECKOUT_SECONDS = 900.0
"""How long a checkout may do nothing, as when a filter waits for a server, before it is ended."""

WAIT_SECONDS = 5.0
"""How long to wait for a git of ours that goes on although the process that started it was killed."""

COMMITS = r"([0-9a-f]{40,64}) ([0-9a-f]{40,64})"


class _Step(Value):
    """One path that differs between the two commits of a checkout."""

    path: str
    before: str
    """The id of its content in the old commit."""
    after: str
    after_mode: str
    is_new: bool
    """Whether the old commit does not have it."""


def run_checkout(git: GitRunner, old: CommitId, new: CommitId, *arguments: str) -> ProgramResult:
    """Run a git command that moves index and files from `old` to `new`; what it leaves half done is undone.

    Raises Busy where another checkout of ours runs there or a lock stays taken, Unavailable where git had to be ended.
    """
    with _holding_mark(git) as descriptor:
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{old} {new}\n".encode(), 0)
        try:
            result = git.run(*arguments, wait_seconds=CHECKOUT_SECONDS, keep=(descriptor,))
        except BaseException:
            _try_to_undo(git, old, new)
            raise

        if result.status == 0:
            _mark(git).unlink(missing_ok=True)
        else:
            _try_to_undo(git, old, new)

        return result


def undo_interrupted(git: GitRunner) -> None:
    """Bring the files of a checkout that was killed half-way back to what its index holds; nothing where none was.

    Files that somebody changed since are left. Raises Busy while git still works on it, Unavailable when a file cannot be
    written back; the mark stays then.
    """
    if not _mark(git).exists():
        return

    with _holding_mark(git) as descriptor:
        match = re.match(COMMITS, os.pread(descriptor, 200, 0).decode(errors="replace"))
        if match is not None:
            _remove_own_lock(git)
            _undo(git, CommitId(match[1]), CommitId(match[2]))

        _mark(git).unlink(missing_ok=True)


def _mark(git: GitRunner) -> Path:
    """The path of the mark in the git directory of this checkout."""
    return git.directories.git_dir / MARK


@contextlib.contextmanager
def _holding_mark(git: GitRunner) -> Iterator[int]:
    """Hold the lock of the mark for a block, which gets its descriptor. Raises Busy while a git of ours has it."""
    with contextlib.ExitStack() as stack:
        try:
            descriptor = stack.enter_context(holding(_mark(git), WAIT_SECONDS))
        except Busy as error:
            message = f"a checkout that gitorch began in {git.directory} is still running"
            raise Busy(f"{message}: {error.message}", hint=error.hint) from None

        yield descriptor


def _try_to_undo(
    git: GitRunner,
    old: CommitId,
    new: CommitId,
) -> None:
    """Undo what git left. Where that is impossible, as on a full disk, the mark stays, and the next one to come tries again."""
    with contextlib.suppress(GitorchError):
        _undo(git, old, new)
        _mark(git).unlink(missing_ok=True)


def _remove_own_lock(git: GitRunner) -> None:
    """Remove the lock of the index that our git left: empty, since git fills it at its end, and opened by nobody."""
    lock = git.directories.git_dir / "index.lock"
    with contextlib.suppress(OSError):
        if lock.stat().st_size == 0 and not holders(lock):
            lock.unlink()


def _undo(
    git: GitRunner,
    old: CommitId,
    new: CommitId,
) -> None:
    """Bring each file that is on its way from `old` to `new` back to the index, where the index still holds the old one."""
    index = _index(git)
    dirty = set(split(git.output("diff-files", "--name-only", "-z")))
    created: list[_Step] = []
    changed: list[_Step] = []
    for step in _steps(git, old, new):
        held = index.get(step.path)
        if step.is_new and held is None:
            created.append(step)
        elif held == step.before and step.path in dirty:
            changed.append(step)

    for path in _present(git, created, _ours(git, created)):
        _remove(git.directory, path)

    _restore(git, _ours(git, changed))


def _steps(
    git: GitRunner,
    old: CommitId,
    new: CommitId,
) -> list[_Step]:
    """Every path that differs between the two commits."""
    # The output alternates: one entry with modes and ids, then its path.
    parts = split(git.output("diff", "--raw", "-z", "--no-renames", "--abbrev=64", old, new, "--"))
    steps: list[_Step] = []
    for entry, path in zip(parts[0::2], parts[1::2], strict=True):
        before_mode, after_mode, before, after, _ = entry.removeprefix(":").split(" ")
        steps.append(_Step(path, before, after, after_mode, is_new=before_mode == ABSENT))

    return steps


def _index(git: GitRunner) -> Mapping[str, str]:
    """The blob id of each path in the index; for a path in conflict the id of any one of its sides."""
    entries: dict[str, str] = {}
    for row in split(git.output("ls-files", "--stage", "-z")):
        entry, _, path = row.partition("\t")
        entries[path] = entry.split(" ")[1]

    return entries


def _ours(git: GitRunner, steps: Sequence[_Step]) -> list[str]:
    """The paths whose files are missing, or hold what the new commit has, whole or cut short."""
    ours: list[str] = []
    regular: list[_Step] = []
    for step in steps:
        path = git.directory / system_name(step.path)
        if path.is_symlink():
            own = _is_own_link(git, step, path)
        elif path.is_file():
            regular.append(step)
            own = False
        else:
            own = not path.exists()

        if own:
            ours.append(step.path)

    whole = _hashes(git, regular)
    for step in regular:
        if whole.get(step.path) == step.after or _is_cut_short(git, step):
            ours.append(step.path)

    return ours


def _is_own_link(
    git: GitRunner,
    step: _Step,
    path: Path,
) -> bool:
    """Whether a link leads where the one of the new commit does."""
    if step.after_mode != LINK:
        return False

    return os.fsencode(path.readlink()) == _content(git, step)


def _hashes(git: GitRunner, steps: Sequence[_Step]) -> Mapping[str, str]:
    """What git would store for the files of these paths, by one command. Odd names are left out: git reads one path a line."""
    plain: list[str] = []
    for step in steps:
        is_odd = "\n" in step.path or step.path.startswith('"')
        if not is_odd:
            plain.append(step.path)

    if not plain:
        return {}

    given = b"".join(bytes_of(path) + b"\n" for path in plain)
    hashes = git.output("hash-object", "--stdin-paths", given=given).splitlines()
    return dict(zip(plain, hashes, strict=True))


def _is_cut_short(git: GitRunner, step: _Step) -> bool:
    """Whether a file holds the beginning of what the new commit has there, or all of it."""
    if step.after_mode in {ABSENT, LINK}:
        return False

    found = (git.directory / system_name(step.path)).read_bytes()
    return _content(git, step).startswith(found)


def _content(git: GitRunner, step: _Step) -> bytes:
    """The bytes that a checkout of the new commit writes for a path; nothing for one that it does not have."""
    if step.after_mode == ABSENT:
        return b""

    if step.after_mode == LINK:
        return git.run("cat-file", "blob", step.after).out_bytes

    return git.run("cat-file", "--filters", f"--path={step.path}", step.after).out_bytes


def _present(
    git: GitRunner,
    steps: Sequence[_Step],
    paths: Sequence[str],
) -> list[str]:
    """Those of the paths whose files exist, deepest first."""
    wanted = set(paths)
    found: list[str] = []
    for step in steps:
        if step.path not in wanted:
            continue

        path = git.directory / system_name(step.path)
        if path.is_symlink() or path.exists():
            found.append(step.path)

    return sorted(found, reverse=True)


def _remove(root: Path, path: str) -> None:
    """Remove a file that a checkout made, and the folders that are empty without it."""
    file = root / system_name(path)
    file.unlink()
    for folder in file.parents:
        if folder == root:
            return

        try:
            folder.rmdir()
        except OSError:
            return


def _restore(git: GitRunner, paths: Sequence[str]) -> None:
    """Write these files again as the index holds them. Raises Unavailable when one cannot be written."""
    if not paths:
        return

    given = b"".join(bytes_of(path) + b"\0" for path in paths)
    git.output("checkout-index", "--force", "-z", "--stdin", given=given)
