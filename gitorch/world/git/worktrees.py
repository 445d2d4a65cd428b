"""Linked worktrees in folders outside the repository. Implements `ports.world.Worktrees`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Refused
from gitorch.model.ids import CommitId
from gitorch.ports.world import WorktreeEntry
from gitorch.world.files import append_line, holding
from gitorch.world.git.checkout import worktrees
from gitorch.world.git.runner import OWN_FOLDER, GitRunner, common_directory, uncommitted_paths
from gitorch.world.git.takeover import take_over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.ports.world import Clock

WORK_BRANCH = re.compile(r"gitorch/[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
LEDGER_FOLDER = "gitorch/ledger"
ADD_SECONDS = 900.0
NAMED_MAX = 5
GONE = ".gitorch-gone-"
"""How the names of folders begin that are being deleted."""
DELETIONS_MAX = 100


class GitWorktrees:
    """Worktrees of one repository. Paths are absolute, and outside its checkouts and its git directory."""

    def __init__(self, repo: Path, environ: Mapping[str, str], clock: Clock) -> None:
        self._git, self._clock = GitRunner(repo, environ, clock), clock
        self._common = common_directory(self._git)
        self._lock = self._common / "gitorch" / "worktrees.lock"
        self._made = self._common / "gitorch" / "made-folders"

    def ensure(self, path: Path, commit: CommitId, branch: str | None, *, shared: bool = False) -> None:
        """Make the worktree unless it is there; what a killed `git worktree add` left is taken away first.

        A branch that exists is checked out where it stands. A detached worktree that is there is brought to `commit`, a shared
        one to the branch. Raises Failed where git refuses, Refused for a path or branch that is not ours, Unavailable.
        """
        if branch is not None:
            own_branch(branch)
        with holding(self._lock, wait_seconds=ADD_SECONDS) as descriptor:
            entry = self._entry(path)
            self._exclude()
            # The lock is ours, and a git that a killed gitorch left behind would still hold it: nobody is initializing.
            if entry is not None and (entry.get("locked") == "initializing" or not (path / ".git").exists()):
                self._forget(path)
                entry = None
            if entry is None:
                self._make_room(path)
                self._add(path, commit, branch, descriptor)
            elif branch is None and entry.get("HEAD") != commit:
                self._checked(self._git.at(path), "checkout", "--quiet", "--detach", commit)
            elif branch is not None and shared:
                take_over(self._git.at(path), commit, branch, self._clock.now())

    def _add(self, path: Path, commit: CommitId, branch: str | None, descriptor: int) -> None:
        self._make_folder(path.parent)
        if branch is None:
            words: tuple[str, ...] = ("--detach", str(path), commit)
        elif self._git.ask("show-ref", "--verify", "--quiet", f"refs/heads/{branch}").status == 0:
            words = (str(path), branch)
        else:
            words = ("--no-track", "-b", branch, str(path), commit)
        self._checked(self._git, "worktree", "add", "--quiet", *words, keep=(descriptor,))

    @staticmethod
    def _checked(git: GitRunner, *words: str, keep: tuple[int, ...] = ()) -> None:
        done = git.ask(*words, wait_seconds=ADD_SECONDS, keep=keep)
        if done.status != 0:
            raise Failed(f"git {words[0]} {words[1]} failed: {done.err}", hint="git worktree list")

    def remove(self, path: Path, force: bool = False) -> str:
        """Remove it; answers why not where it holds work that nothing else holds and `force` is false, else an empty string."""
        with holding(self._lock, wait_seconds=ADD_SECONDS):
            entry = self._entry(path)
            if entry is None:
                return f"{path} is no worktree of this repository" if path.exists() and any(path.iterdir()) else ""
            if not force and (path / ".git").exists() and (why := self._worth_keeping(path, entry)):
                return why
            self._forget(path)
            return ""

    def _worth_keeping(self, path: Path, entry: Mapping[str, str]) -> str:
        git = self._git.at(path)
        if uncommitted := uncommitted_paths(git):
            more = ", …" if len(uncommitted) > NAMED_MAX else ""
            return f"{path} holds uncommitted work: {', '.join(uncommitted[:NAMED_MAX])}{more}"
        if "detached" in entry and not git.tell("for-each-ref", "--count=1", "--contains", entry["HEAD"]):
            return f"{path} holds commits that no branch has: {entry['HEAD']}"
        return ""

    def below(self, folder: Path) -> tuple[WorktreeEntry, ...]:
        """The worktrees that lie below a folder and are really there, by path. Raises Unavailable."""
        found = []
        for entry in worktrees(self._git):
            path = Path(entry["worktree"])
            if folder in path.parents and (path / ".git").exists():
                branch = entry.get("branch", "").removeprefix("refs/heads/")
                head = CommitId(entry.get("HEAD", ""))
                found.append(WorktreeEntry(path, branch, head, len(uncommitted_paths(self._git.at(path)))))
        return tuple(sorted(found, key=lambda seen: seen.path))

    def delete_branch(self, branch: str) -> None:
        """Delete a work branch of gitorch's; harmless when there is none. Raises Failed while it is checked out, Refused."""
        own_branch(branch)
        done = self._git.ask("branch", "--quiet", "-D", "--", branch)
        if done.status != 0 and self._git.ask("show-ref", "--verify", "--quiet", f"refs/heads/{branch}").status == 0:
            raise Failed(f"git cannot delete branch {branch}: {done.err}", hint="git worktree list")

    def tidy(self, folder: Path) -> None:
        """Forget worktrees below this folder that are gone, and remove it, and those above it that we made, when empty."""
        with holding(self._lock, wait_seconds=ADD_SECONDS):
            for entry in list(worktrees(self._git)):
                path = Path(entry["worktree"])
                if folder in path.parents and not path.exists():
                    self._forget_entry(path)
            for gone in folder.glob(f"{GONE}*"):
                _delete(gone)
            made = set(_lines(self._made))
            for one in (folder, *folder.parents):
                if one.exists() and (str(one) not in made or any(one.iterdir())):
                    return
                with contextlib.suppress(FileNotFoundError):
                    one.rmdir()

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, and remember which were not there before: first, so that a kill forgets none."""
        for one in reversed((folder, *folder.parents)):
            if not one.exists():
                append_line(self._made, os.fsencode(one))
                one.mkdir(exist_ok=True)

    def _entry(self, path: Path) -> dict[str, str] | None:
        """What git knows of our worktree at this path. Raises Refused for a path that cannot be one of ours."""
        if not path.is_absolute() or ".." in path.parts:
            raise Refused(f"{path} is no absolute path of a worktree")
        above = {one.resolve() for one in path.parents}
        if self._common.resolve() in above:
            raise Refused(f"{path} lies inside the repository's git directory")
        known = {Path(entry["worktree"]).resolve(): entry for entry in worktrees(self._git)}
        for checkout in above & known.keys():
            if "bare" not in known[checkout]:
                named = known[checkout]["worktree"]
                raise Refused(f"{path} lies inside the checkout {named}", hint="set worktrees.base_path")
        return known.get(path.resolve())

    def _forget(self, path: Path) -> None:
        """Take away the worktree and git's knowledge of it, locked, half made or gone as it may be."""
        _put_aside(path)
        done = self._git.ask("worktree", "remove", "--force", "--force", "--", str(path), wait_seconds=ADD_SECONDS)
        if done.status == 0:
            return
        shutil.rmtree(path, ignore_errors=True)
        self._forget_entry(path)
        if self._entry(path) is not None:
            raise Failed(f"git cannot remove the worktree {path}: {done.err}", hint="git worktree list")

    def _forget_entry(self, path: Path) -> None:
        """Remove git's notes on this worktree alone: `git worktree prune` would take those on a disk that is away too."""
        for note in (self._common / "worktrees").glob("*/gitdir"):
            if Path(note.read_text().rstrip("\n")).parent.resolve() == path.resolve():
                shutil.rmtree(note.parent)

    @staticmethod
    def _make_room(path: Path) -> None:
        """Move aside a folder that git knows nothing of: it may hold somebody's work, so it is never deleted."""
        if not path.exists():
            return
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
            return
        number = 1
        while (aside := path.with_name(f"{path.name}.lost-{number}")).exists():
            number += 1
        path.rename(aside)

    def _exclude(self) -> None:
        """Keep briefs from ever being seen as untracked files, in every worktree, without touching a tracked file."""
        path = self._common / "info" / "exclude"
        line = f"/{OWN_FOLDER}/"
        held = path.read_bytes() if path.exists() else b""
        if line not in held.decode("utf-8", "replace").splitlines():
            append_line(path, (b"" if held.endswith(b"\n") or not held else b"\n") + line.encode())


def _put_aside(path: Path) -> None:
    """Move a worktree out of the way and have it deleted meanwhile, with what an earlier kill left of others.

    Nobody waits: 25,000 files took 2 to 99 s on a busy disk, in which a loop would have seen and told nobody anything.
    """
    number = 1
    while (gone := path.with_name(f"{GONE}{path.name}-{number}")).exists():
        number += 1
    with contextlib.suppress(OSError):  # one that cannot be moved is deleted where it is
        path.rename(gone)
    found = [str(one) for one in path.parent.glob(f"{GONE}*")]
    if found:
        words = ("/bin/sh", "-c", 'rm -rf -- "$@" >/dev/null 2>&1 </dev/null &', "sh", *found)
        subprocess.run(words, check=False, start_new_session=True)


def _delete(path: Path) -> None:
    """Delete a folder that somebody else may be deleting as well."""
    for _ in range(DELETIONS_MAX):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return


def _lines(path: Path) -> list[str]:
    return os.fsdecode(path.read_bytes()).splitlines() if path.exists() else []


def own_branch(branch: str) -> None:
    """Raise Refused for a branch that is not gitorch's to make or delete."""
    if not WORK_BRANCH.fullmatch(branch) or ".." in branch or branch.startswith(f"{LEDGER_FOLDER}/"):
        raise Refused(f"{branch!r} is no work branch of gitorch's: they are called gitorch/<run>/<job>")
