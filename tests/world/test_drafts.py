"""Drafts of what stands in a worktree: an edit as young as git's index must be in them, too."""

import os

from world import repos

from gitorch.model.ids import Moment
from gitorch.world.clock import SystemClock
from gitorch.world.git.repository import GitCommands

THEN = (1_767_225_600, 1_767_225_600)


def test_an_edit_of_the_same_size_in_the_same_second_as_the_index_is_drafted(tmp_path):
    repo = repos.make(tmp_path)
    git = GitCommands(repo.path, repo.environ, SystemClock())
    repo.git("config", "core.trustctime", "false")
    file = repo.path / "a.py"
    file.write_text("a = 1\n")
    os.utime(file, THEN)
    repo.git("add", "a.py")
    repo.git("commit", "-q", "-m", "Say one")
    os.utime(repo.path / ".git/index", THEN)
    base = git.resolve("main")
    file.write_text("a = 2\n")
    os.utime(file, THEN)
    drafted = git.draft(repo.path, "Say two", "api <s1@gitorch.invalid>", Moment(1_767_225_600_000))
    assert git.file_at(drafted, "a.py") == b"a = 2\n"
    assert drafted != base
