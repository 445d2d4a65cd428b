"""A repository with a branch that is about to move, and the commands that a person would type beside it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from gitorch.model.ids import CommitId
from gitorch.world.clock import SystemClock
from gitorch.world.git.repository import GitCommands

if TYPE_CHECKING:
    from world.repos import Repo

THEIRS = {
    "README.md": "theirs\n",
    "deep/new.py": "n\n",
    "new.py": "n\n",
    ".gitignore": "*.out\n",
    "made.out": "theirs\n",
}


class Hasty(SystemClock):
    """A clock that never waits for a lock."""

    def sleep(self, seconds: float) -> None:
        """Do not."""


class Target:
    """A repository on main, and a commit that main is to be moved to."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        base = {"gone.txt": "gone\n", "mine.txt": "mine\n", ".gitignore": "*.out\n"}
        self.old = CommitId(repo.commit(base))
        where = repo.path.parent / "work"
        repo.git("worktree", "add", "-q", "-b", "work", str(where))
        (where / "gone.txt").unlink()
        for name, text in THEIRS.items():
            repo.write(name, text, cwd=where)
        repo.git("add", "--force", "-A", ".", "made.out", cwd=where)
        self.new = CommitId(repo.commit({}, cwd=where))
        repo.git("worktree", "remove", "--force", str(where))

    def move(self):
        return self._git().move("main", self.new, self.old)

    def left(self):
        """The checkout that did not follow the move, as the user is told of it."""
        return self._git().checkout_left("main", self.new, self.old)

    def _git(self) -> GitCommands:
        return GitCommands(self.repo.path, self.repo.environ, Hasty())

    def type(self, command: str) -> str:
        """What a person's shell prints for a command that was offered, which must work."""
        done = subprocess.run(command, shell=True, check=False, capture_output=True, text=True, env=self.repo.environ)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def state(self) -> tuple[object, ...]:
        """Branch, index and every file."""
        repo = self.repo
        files = {}
        for path in repo.path.rglob("*"):
            if path.is_file() and ".git" not in path.parts:
                files[str(path)] = path.read_bytes()
        return repo.git("rev-parse", "main"), repo.git("ls-files", "-s"), files

    def brought_by_a_commit(self) -> set[str]:
        """The paths that differ from the merge when the user commits all that git calls changed."""
        self.repo.git("commit", "-qam", "All of mine", check=False)
        return set(self.repo.git("diff", "--name-only", "--no-renames", self.new, "HEAD").split())
