"""Linked worktrees in folders outside the repository. Implements `ports.git.Worktrees`."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Failed, Refused
from gitorch.model.ids import CommitId
from gitorch.model.path_text import without_surrogates
from gitorch.ports.git import WorktreeEntry
from gitorch.world.files import append_line, holding
from gitorch.world.git.checkout import worktrees
from gitorch.world.git.exclusions import exclude
from gitorch.world.git.folders import DELETED_PREFIX, delete, delete_in_background, free_name, lines
from gitorch.world.git.interrupted import run_checkout, undo_interrupted
from gitorch.world.git.ownership import INITIALIZING, claim, is_locked
from gitorch.world.git.runner import OWN_FOLDER, GitRunner, nothing_recorded, say_nothing
from gitorch.world.git.status import uncommitted_paths
from gitorch.world.git.takeover import take_over
from gitorch.world.safe_reading import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitorch.model.work.session import SessionKey
    from gitorch.ports.world import Clock
    from gitorch.world.program_result import ProgramResult

WORK_BRANCH = r"gitorch/[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*"
BRANCHES = ("refs/heads/", "refs/remotes/", "refs/gitorch/remotes/")
"""The folders of the branches of this clone, and of those that the user and gitorch fetched."""

LEDGER_FOLDER = "gitorch/ledger"
ADD_SECONDS = 900.0
MADE_FOLDERS = "made-folders"
"""The file that lists the folders that gitorch made, one a line."""

PATHS_SHOWN_MAX = 5


class GitWorktrees:
    """Worktrees of one repository. Their paths are absolute, outside its checkouts and its git directory."""

    def __init__(
        self,
        repo: Path,
        environ: Mapping[str, str],
        clock: Clock,
        trusted: Callable[[], Mapping[str, str] | None] = nothing_recorded,
        say: Callable[[str], None] = say_nothing,
    ) -> None:
        self._git, self._clock = GitRunner(repo, environ, clock, trusted, say), clock
        self._common = self._git.common
        self._lock = self._common / "gitorch" / "worktrees.lock"
        self._made = self._common / "gitorch" / MADE_FOLDERS

    def ensure(self, path: Path, commit: CommitId, branch: str | None, *, shared: bool = False) -> None:
        """Create the worktree unless it exists; first remove what a killed `git worktree add` left.

        A branch that exists is checked out at its own commit. An existing detached worktree is moved to `commit`, a shared
        one to the branch. A folder that git does not know is renamed to make room, never deleted.
        Calls of several processes wait for each other, at most `ADD_SECONDS`.

        Raises Failed when git refuses.
        Raises Refused for a path inside a checkout or the git directory, and for a branch that is not ours.
        Raises Unavailable when git cannot be run.
        """
        if branch is not None:
            own_branch(branch)

        with holding(self._lock, wait_seconds=ADD_SECONDS) as descriptor:
            entry = self._entry(path)
            self._exclude()

            if entry is not None and _unfinished(path, entry):
                _require_unlocked(path, entry)
                self._give_up(path, entry)
                entry = None

            if entry is None:
                self._make_room(path)
                self._add(path, commit, branch, descriptor)
            elif branch is None:
                self._detach(path, entry, commit)
            elif shared:
                take_over(self._git.at(path), commit, branch, self._clock.now())

    def _detach(self, path: Path, entry: Mapping[str, str], commit: CommitId) -> None:
        """Move a detached worktree to a commit, unless it is there already."""
        git = self._git.at(path)
        undo_interrupted(git)
        now = CommitId(entry.get("HEAD", ""))
        if now == commit:
            return
        result = run_checkout(git, now, commit, "checkout", "--quiet", "--detach", commit)
        _require_done(result, "checkout")

    def take_commits(self, session: SessionKey, branch: str) -> CommitId | None:
        """Fetch what the agent of a session committed in its sandbox, and move its branch there; see `world.sandbox`.

        None when there is nothing to fetch.
        Raises Refused for a branch that is not ours.
        """
        from gitorch.world.git.sandbox_commits import import_commits  # noqa: PLC0415  most agents are in none
        from gitorch.world.sandbox import view_of  # noqa: PLC0415  the same

        own_branch(branch)
        return import_commits(view_of(self._common / "gitorch", session.name, branch), self._git)

    def _add(self, path: Path, commit: CommitId, branch: str | None, descriptor: int) -> None:
        """Create the worktree. git inherits the lock, so that it stays taken until git ends even if we are killed."""
        self._make_folder(path.parent)
        if branch is None:
            arguments: tuple[str, ...] = ("--detach", str(path), commit)
        elif self._has_branch(branch):
            arguments = (str(path), branch)
        else:
            arguments = ("--no-track", "-b", branch, str(path), commit)
        words = ("worktree", "add", "--quiet", *arguments)
        _require_done(self._git.run(*words, wait_seconds=ADD_SECONDS, keep=(descriptor,)), "worktree add")

    def _has_branch(self, branch: str) -> bool:
        """Whether the repository has a local branch with this short name."""
        return self._git.commit_of(f"refs/heads/{branch}") is not None

    def remove(self, path: Path, force: bool = False) -> str:
        """Remove the worktree and return an empty string.

        Without `force`, a worktree with work that exists nowhere else stays, and the result says why.
        One that a person locked, switched to another branch or works in stays even with `force`, and so does a folder that
        is no worktree; a missing or empty one is a success.
        The files may still be on the disk for a while under another name, see `delete_in_background`.

        Raises Failed when git keeps its record of the worktree.
        """
        with holding(self._lock, wait_seconds=ADD_SECONDS):
            entry = self._entry(path)
            if entry is None:
                return _foreign_files(path)
            claimed = claim(path, entry)
            if claimed:
                return claimed
            if not force:
                work = self._unsaved_work(path, entry)
                if work:
                    return work

            self._forget(path)
            return ""

    def _unsaved_work(self, path: Path, entry: Mapping[str, str]) -> str:
        """A sentence about work in the worktree that would be lost with it; empty when there is none."""
        if not (path / ".git").exists():
            return _foreign_files(path)

        git = self._git.at(path)
        uncommitted = uncommitted_paths(git)
        if uncommitted:
            shown = ", ".join(uncommitted[:PATHS_SHOWN_MAX])
            if len(uncommitted) > PATHS_SHOWN_MAX:
                shown += ", …"
            return f"{path} holds uncommitted work: {shown}"

        if "detached" not in entry:
            return ""
        if git.output("for-each-ref", "--count=1", "--contains", entry["HEAD"]):
            return ""
        return f"{path} holds commits that no branch has: {entry['HEAD']}"

    def below(self, folder: Path) -> tuple[WorktreeEntry, ...]:
        """The worktrees below a folder whose files exist, sorted by path.

        Each costs one `git status`, for the number of its uncommitted paths.
        A detached worktree has an empty branch.
        Raises Unavailable when git cannot be run, or a `.git` file was changed.
        """
        found = []
        for entry in worktrees(self._git):
            path = Path(entry["worktree"])
            if folder not in path.parents:
                continue
            if not (path / ".git").exists():
                continue

            branch = entry.get("branch", "").removeprefix("refs/heads/")
            head = CommitId(entry.get("HEAD", ""))
            uncommitted = uncommitted_paths(self._git.at(path))
            found.append(WorktreeEntry(path, branch, head, len(uncommitted)))

        return tuple(sorted(found, key=lambda entry: entry.path))

    def work_branches(self, run: str) -> tuple[str, ...]:
        """The short names of gitorch's work branches of a run, sorted. Raises Unavailable."""
        listed = self._git.output("for-each-ref", "--format=%(refname:lstrip=2)", "--", f"refs/heads/gitorch/{run}/")
        return tuple(without_surrogates(listed).split())

    def branches_with(self, commit: CommitId) -> tuple[str, ...]:
        """The full names of the branches that have a commit, of this clone and as last fetched from remotes.

        None where the repository lacks the commit.
        """
        listed = self._git.run("for-each-ref", "--format=%(refname)", "--contains", commit, "--", *BRANCHES)
        return tuple(without_surrogates(listed.out).split())

    def delete_branch(self, branch: str, tip: CommitId) -> None:
        """Delete one of gitorch's work branches while it is at `tip`; harmless when it does not exist.

        Raises Failed where it moved to another commit or is checked out, Refused for any other branch.
        """
        own_branch(branch)
        at = self._git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").out.strip()
        if at not in {tip, ""}:
            raise Failed(f"branch {branch} moved to {at[:12]}", hint=f"git log {branch}")

        result = self._git.run("branch", "--quiet", "-D", "--", branch)
        if result.status != 0 and self._has_branch(branch):
            raise Failed(f"git cannot delete branch {branch}: {result.err}", hint="git worktree list")

    def tidy(self, folder: Path) -> tuple[Path, ...]:
        """Unregister missing worktrees below this folder, then remove it, and folders above it that we made, when empty.

        Also deletes what an earlier `remove` left, which takes long for large worktrees.
        Folders that we did not make stay, even when they are empty. The result is what lies in the folder still, sorted.
        """
        with holding(self._lock, wait_seconds=ADD_SECONDS):
            self._unregister_missing(folder)
            for leftover in folder.glob(f"{DELETED_PREFIX}*"):
                delete(leftover)
            self._remove_empty(folder)
            if not folder.is_dir():
                return ()
            return tuple(sorted(one for one in folder.iterdir() if not one.name.startswith(DELETED_PREFIX)))

    def _unregister_missing(self, folder: Path) -> None:
        """Remove git's records of the worktrees below this folder that do not exist."""
        for entry in worktrees(self._git):
            path = Path(entry["worktree"])
            if folder in path.parents and not path.exists() and not is_locked(entry):
                self._unregister(path)

    def _remove_empty(self, folder: Path) -> None:
        """Remove this folder and those above it, up to the first that is not empty or that we did not make."""
        made = set(lines(self._made))
        for one in (folder, *folder.parents):
            if not one.exists():
                continue
            if str(one) not in made:
                return
            if any(one.iterdir()):
                return
            with contextlib.suppress(FileNotFoundError):
                one.rmdir()

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, and note each new one before it is made, so that a kill forgets none."""
        for one in reversed((folder, *folder.parents)):
            if not one.exists():
                append_line(self._made, os.fsencode(one))
                one.mkdir(exist_ok=True)

    def _entry(self, path: Path) -> Mapping[str, str] | None:
        """The fields that git lists for the worktree at this path; None when it knows none there.

        Raises Refused for a path that cannot be one of ours.
        """
        if not path.is_absolute() or ".." in path.parts:
            raise Refused(f"{path} is not an absolute path of a worktree")
        registered = {Path(entry["worktree"]).resolve(): entry for entry in worktrees(self._git)}
        self._require_outside(path, registered)
        return registered.get(path.resolve())

    def _require_outside(self, path: Path, registered: Mapping[Path, Mapping[str, str]]) -> None:
        """Raise Refused for a path inside the git directory or inside another worktree."""
        parents = {parent.resolve() for parent in path.parents}
        if self._common.resolve() in parents:
            raise Refused(f"{path} lies inside the repository's git directory")
        for checkout in parents & registered.keys():
            if "bare" in registered[checkout]:
                continue
            other = registered[checkout]["worktree"]
            raise Refused(
                f"{path} lies inside the checkout {other}", hint="gitorch config set worktrees.base_path ../worktrees"
            )

    def _forget(self, path: Path) -> None:
        """Remove the worktree and git's record of it, even when it is locked, incomplete or missing.

        git refuses some broken worktrees whatever the options; then the folder and the record are removed by hand.
        Raises Failed when git lists the worktree even after that.
        """
        delete_in_background(path)
        result = self._git.run("worktree", "remove", "--force", "--force", "--", str(path), wait_seconds=ADD_SECONDS)
        if result.status == 0:
            return
        shutil.rmtree(path, ignore_errors=True)
        self._unregister(path)
        if self._entry(path) is not None:
            raise Failed(f"git cannot remove the worktree {path}: {result.err}", hint="git worktree list")

    def _give_up(self, path: Path, entry: Mapping[str, str]) -> None:
        """Remove what a killed `git worktree add` left; of a worktree without its `.git` file only git's record.

        Somebody removed that file, and what lies beside it may be work.
        """
        if entry.get("locked") == INITIALIZING:
            self._forget(path)
        else:
            self._unregister(path)

    def _unregister(self, path: Path) -> None:
        """Remove git's record of this worktree alone: `git worktree prune` would also drop those on an unmounted disk.

        The folder of the records goes with the last one, as git does it.
        """
        for record in (self._common / "worktrees").glob("*/gitdir"):
            if Path(os.fsdecode(whole(record)).rstrip("\n")).parent.resolve() == path.resolve():
                shutil.rmtree(record.parent)
        with contextlib.suppress(OSError):  # others are left
            (self._common / "worktrees").rmdir()

    @staticmethod
    def _make_room(path: Path) -> None:
        """Rename a folder that git does not know. It may hold somebody's work, so gitorch never deletes it."""
        if not path.exists():
            return
        is_empty = path.is_dir() and not any(path.iterdir())
        if is_empty:
            path.rmdir()
            return
        path.rename(free_name(path.parent, f"{path.name}.lost"))

    def _exclude(self) -> None:
        """Exclude briefs from the untracked files of every worktree, without changing a tracked file."""
        exclude(self._common, f"/{OWN_FOLDER}/")


def _require_done(result: ProgramResult, verb: str) -> None:
    """Raise Failed when a git command that writes files was refused."""
    if result.status != 0:
        raise Failed(f"git {verb} failed: {result.err}", hint="git worktree list")


def _require_unlocked(path: Path, entry: Mapping[str, str]) -> None:
    """Raise Failed for a worktree without files that a person locked, as one on a disk that is not there now."""
    if is_locked(entry):
        command = shlex.join(["git", "worktree", "unlock", str(path)])
        raise Failed(
            f"worktree {path} is missing or incomplete, but it is locked; git will not remove it", hint=command
        )


def _foreign_files(path: Path) -> str:
    """A sentence about files at a path where git knows no worktree; empty when there are none."""
    if path.exists() and any(path.iterdir()):
        return f"{path} is not a worktree of this repository"
    return ""


def _unfinished(path: Path, entry: Mapping[str, str]) -> bool:
    """Whether a killed `git worktree add` left this worktree incomplete, or its files are missing.

    The caller holds our lock, which git inherits: a git that still initialized the worktree would hold it too.
    """
    return entry.get("locked") == INITIALIZING or not (path / ".git").exists()


def own_branch(branch: str) -> None:
    """Raise Refused for a branch that gitorch may not create or delete.

    Branches below that of the ledger are refused too: git cannot keep both, so the ledger could not be written.
    """
    if _is_work_branch(branch):
        return

    message = f"{branch!r} is not a work branch of gitorch; their names are gitorch/<run>/<job>"
    raise Refused(message)


def _is_work_branch(branch: str) -> bool:
    """Whether this is the name of a job's branch, which git accepts as a branch name."""
    if branch.startswith(f"{LEDGER_FOLDER}/"):
        return False
    if ".." in branch:  # git's notation for a range
        return False
    return re.fullmatch(WORK_BRANCH, branch) is not None
