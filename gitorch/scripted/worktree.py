"""The agent's worktree: files and commits. Every change is idempotent."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OWN_FOLDER = ".gitorch"
"""For prompts, markers and logs; never committed."""

LOCK_TRIES = 20
LOCK_PAUSE_SECONDS = 0.15
"""A lock that stays for 3 s was left by a killed git: only this agent commits in its worktree."""


class WorkFailed(Exception):
    """A change of the worktree failed; the message names it."""


class Worktree:
    """A git worktree that belongs to one agent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes = path / OWN_FOLDER / "scripted"

    def read(self, path: str) -> str:
        """A file's text; empty for a missing file."""
        try:
            return (self.path / path).read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return ""

    def write(self, path: str, text: str) -> None:
        """Put this text in the file, all of it or nothing; folders are made, and the file keeps its mode.

        Raises WorkFailed when the file cannot be written.
        """
        target = self.path / path
        self.notes.mkdir(parents=True, exist_ok=True)
        fresh = self.notes / "fresh"
        fresh.write_text(text, encoding="utf-8")

        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                shutil.copymode(target, fresh)

            fresh.replace(target)
        except OSError as error:
            raise WorkFailed(f"cannot write {path}: {error.strerror}") from error

    def append(self, path: str, text: str) -> None:
        """Put this text at the end of the file, on a line of its own, unless the file contains it. Raises WorkFailed."""
        before = self.read(path)
        if text in before:
            return

        if before and not before.endswith("\n"):
            before += "\n"

        self.write(path, before + text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace the one `old` by `new`, unless that was done already. Raises WorkFailed."""
        self.write(path, replaced(self.read(path), old, new, path))

    def delete(self, path: str) -> None:
        """Remove a file or a folder, if it is there."""
        target = self.path / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)

    def head(self) -> str:
        """The full id of the commit that is checked out, or empty."""
        return self._git("rev-parse", "--verify", "--quiet", "HEAD", strict=False).strip()

    def parent(self, commit: str) -> str:
        """The first parent of a commit, or empty."""
        return self._git("rev-parse", "--verify", "--quiet", f"{commit}^", strict=False).strip()

    def text_at(self, commit: str, path: str) -> str:
        """A file's text in a commit; its text on disk for an empty commit."""
        if not commit:
            return self.read(path)

        return self._git("show", f"{commit}:{path}", strict=False)

    def uncommitted(self) -> tuple[str, ...]:
        """The lines of `git status`, without this agent's own folder.

        Each line has two letters for the change, a blank, and the path. Files that git ignores are not
        among them.
        """
        lines = self._git(
            "status", "--porcelain", "--untracked-files=all", "--", ".", f":(exclude){OWN_FOLDER}"
        ).splitlines()
        return tuple(lines)

    def subjects(self, base: str) -> list[str]:
        """Subjects of the commits since `base`, newest first; of the last 200 without a base.

        Empty in a repository without a commit.
        """
        span = "HEAD"
        if base:
            span = f"{base}..HEAD"

        return self._git("log", "--format=%s", "--max-count=200", span, "--", strict=False).splitlines()

    def changed(self, base: str) -> tuple[str, ...]:
        """The paths that differ between `base` and the checked-out commit; none for an empty base."""
        if not base:
            return ()

        output = self._git("diff", "--name-only", "-z", base, "HEAD", "--")
        return tuple(output.split("\0")[:-1])

    def restore(self, base: str, path: str) -> None:
        """Restore a file as of `base`; a file that `base` does not have is deleted. Raises WorkFailed."""
        if self._git("ls-tree", "--name-only", base, "--", path):
            self._git("checkout", base, "--", path)
        else:
            self.delete(path)

    def commit(self, message: str) -> str | None:
        """Commit everything but this agent's own folder, and return the id of the commit; None when nothing changed.

        Raises WorkFailed, such as when a hook of the repository refuses the commit.
        """
        if not self.uncommitted():
            return None

        self._git("add", "--all")
        self._git("reset", "--quiet", "--", OWN_FOLDER)
        self._git(*self._identity(), "commit", "--quiet", "--message", message)

        return self.head()

    def mark(self, name: str) -> bool:
        """Leave a mark that outlives the process; returns True the first time, also when two processes try at once."""
        self.notes.mkdir(parents=True, exist_ok=True)
        try:
            (self.notes / name).open("x").close()
        except FileExistsError:
            return False

        return True

    def _identity(self) -> tuple[str, ...]:
        """Options that name an author, unless the configuration or the environment does.

        A fresh container has neither, and git would refuse to commit.
        """
        if "GIT_AUTHOR_EMAIL" in os.environ or self._git("config", "user.email", strict=False).strip():
            return ()

        return ("-c", "user.name=Scripted agent", "-c", "user.email=scripted@localhost")

    def _git(self, *arguments: str, strict: bool = True) -> str:
        """The output of git. Raises WorkFailed if it fails; without `strict`, a failure gives an empty text."""
        if not strict:
            done = self._try(arguments)
            if done.returncode != 0:
                return ""

            return done.stdout

        done = self._try_past_lock(arguments)
        if done.returncode != 0:
            raise WorkFailed(f"git {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")

        return done.stdout

    def _try_past_lock(self, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        """Run git again while the index is locked; a lock that stays is removed before the last try.

        Another git of this worktree, such as one that `gitorch` runs, holds the lock only for a moment.
        """
        done = self._try(arguments)
        for tries in range(1, LOCK_TRIES + 1):
            if done.returncode == 0 or "index.lock" not in done.stderr:
                break

            if tries == LOCK_TRIES:
                self._break_lock()

            time.sleep(LOCK_PAUSE_SECONDS)
            done = self._try(arguments)

        return done

    def _try(self, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        """Run git once in the worktree, without input and without its own housekeeping in the background."""
        return subprocess.run(
            ["git", "-C", str(self.path), "-c", "gc.auto=0", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def _break_lock(self) -> None:
        """Remove the lock of the index, if it is there."""
        lock = self._git("rev-parse", "--git-path", "index.lock", strict=False).strip()
        if lock:
            (self.path / lock).unlink(missing_ok=True)


def replaced(text: str, old: str, new: str, path: str) -> str:
    """The text with `new` for the one `old`; unchanged if that was done already.

    Raises WorkFailed when `old` stands nowhere or in several places. `path` is for the message.
    """
    found = text.count(old)
    was_done = new in text and (found == 0 or old in new)
    if was_done:
        return text

    if found == 1:
        return text.replace(old, new)

    raise WorkFailed(f"{path} has {found} places with {old!r}; a replacement needs exactly one")
