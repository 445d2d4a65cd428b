"""A repository in which an agent plants programs, and all git calls of gitorch's, for the tests that none of them runs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from world import repos

from gitorch.errors import Corrupt, Failed, Unavailable
from gitorch.model.ids import CommitId, Moment
from gitorch.ports.git import PushRef
from gitorch.world.clock import SystemClock
from gitorch.world.git.history import GitHistory
from gitorch.world.git.remotes import GitRemotes
from gitorch.world.git.repository import GitCommands
from gitorch.world.git.store import GitStore
from gitorch.world.git.worktrees import GitWorktrees

if TYPE_CHECKING:
    from pathlib import Path

AT = Moment(1_700_000_000_000)
ATTRIBUTES = "* filter=evil diff=evil merge=evil\n"


class Field:
    """A repository with a worktree of an agent's, a remote, and a program that leaves its name when it runs."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.repo = repos.make(folder)
        self.base = CommitId(self.repo.git("rev-parse", "main"))
        self.remote = folder / "remote.git"
        self.repo.git("init", "-q", "--bare", str(self.remote), cwd=folder)
        self.repo.git("remote", "add", "origin", str(self.remote))
        self.trace = folder / "ran"
        self.program = folder / "planted"
        self.program.write_text(
            f'#!/bin/sh\necho "$0 $* < $(tr "\\0" " " < /proc/$PPID/cmdline)" >> {self.trace}\nexit 0\n'
        )
        self.program.chmod(0o755)
        self.trusted = None
        self.path = folder / "w" / "api"
        self.git, self.worktrees, self.remotes = (
            kind(self.repo.path, self.repo.environ, SystemClock(), lambda: self.trusted)
            for kind in (GitCommands, GitWorktrees, GitRemotes)
        )
        self.worktrees.ensure(self.path, self.base, "gitorch/r/api")
        self.record = self.repo.path / ".git/worktrees/api"

    def begin(self) -> None:
        """The principal starts the run: what stands now is trusted."""
        self.trusted = self.git.settings_snapshot()

    def work(self) -> CommitId:
        """A commit of the agent's, made with a git of the agent's own, and changed files on top of it."""
        self.repo.git("-c", "core.fsmonitor=false", "commit", "-q", "--allow-empty", "-m", "work", cwd=self.path)
        (self.path / "README.md").write_text("uncommitted\n")
        (self.path / "new").write_text("new\n")
        return CommitId(self.repo.git("rev-parse", "gitorch/r/api"))

    def call_everything(self) -> list[str]:
        """Make every git call once; the errors, by which the rest was refused."""
        head = self.git.resolve("gitorch/r/api")
        other = CommitId(self.git.commit_merge(self.git.tree(head), [self.base, head], "Merge", AT))
        store = GitStore(self.repo.path / ".git", self.repo.environ)
        calls = [
            self.git.settings_snapshot,
            self.git.repository_snapshot,
            lambda: self.git.describe([head]),
            lambda: self.git.facts(self.path, self.base, ["x/*"]),
            lambda: self.git.draft(self.path, "draft", "A <a@b>", AT),
            lambda: self.git.adopt(self.path, self.git.draft(self.path, "draft", "A <a@b>", AT)),
            lambda: self.git.stat(self.base, head),
            lambda: self.git.try_merge(self.base, head),
            lambda: self.git.contains(self.base, head),
            lambda: self.git.commits_since(self.base, head),
            lambda: self.git.subjects(self.base, head),
            lambda: self.git.graph("main", 5),
            lambda: self.git.file_at(head, "README.md"),
            lambda: self.git.is_ledger(head),
            lambda: self.git.behind_remote("main"),
            self.git.branches,
            self.git.current,
            lambda: self.git.setting("core.fsmonitor"),
            lambda: self.git.pack(0),
            lambda: self.git.move("main", other, self.base),
            lambda: self.git.move("gitorch/r/api", other, head),
            lambda: self.worktrees.below(self.path.parent),
            lambda: self.worktrees.ensure(self.path, self.base, "gitorch/r/next", shared=True),
            lambda: self.worktrees.ensure(self.folder / "w/check", head, None),
            lambda: self.worktrees.ensure(self.folder / "w/check", other, None),
            lambda: self.worktrees.remove(self.folder / "w/check"),
            lambda: self.worktrees.remove(self.path),
            lambda: self.worktrees.remove(self.path, force=True),
            lambda: self.worktrees.delete_branch("gitorch/r/next", self.base),
            lambda: self.worktrees.tidy(self.path.parent),
            self.remotes.names,
            lambda: self.remotes.heads("origin", ["refs/heads/main"]),
            lambda: self.remotes.push("origin", [PushRef("refs/heads/main", self.base, None)]),
            lambda: self.remotes.fetch("origin", "refs/heads/main"),
            store.tip,
            lambda: list(store.paths(head, "")),
            lambda: store.read(head, "README.md"),
            lambda: list(GitHistory(self.repo.path / ".git", self.repo.environ).stream(head)),
        ]
        errors = []
        for call in calls:
            try:
                call()
            except (Corrupt, Unavailable, Failed) as error:
                errors.append(error.message)
        return errors

    def ran(self) -> list[str]:
        return self.trace.read_text().splitlines() if self.trace.exists() else []


def plant(field: Field, place: str, key: str, value: str) -> None:
    """Set a key in one of the places that an agent may be able to write."""
    repository = field.repo.path / ".git/config"
    if place == "config":
        field.repo.git("config", "--file", str(repository), key, value)
    elif place == "config.worktree":
        field.repo.git("config", "--file", str(repository), "extensions.worktreeConfig", "true")
        for folder in (field.record, field.repo.path / ".git"):
            field.repo.git("config", "--file", str(folder / "config.worktree"), key, value)
    else:
        included = field.folder / "included"
        field.repo.git("config", "--file", str(included), key, value)
        section = "include.path" if place == "include" else f"includeIf.gitdir:{field.repo.path}/.path"
        field.repo.git("config", "--file", str(repository), section, str(included))


def plant_hooks(field: Field, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("reference-transaction", "pre-push", "post-checkout", "post-index-change", "pre-auto-gc", "fsmonitor"):
        shutil.copy(field.program, folder / name)
    return folder
