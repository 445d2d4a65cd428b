"""The merge base of two commits is remembered once git has found it, and asked again where git failed."""

from __future__ import annotations

import pytest

from gitorch.errors import Unavailable
from gitorch.model.ids import CommitId
from gitorch.world.clock import SystemClock
from gitorch.world.git.repository import GitCommands


def test_a_merge_base_that_git_could_not_compute_is_asked_again(repo):
    start = repo.git("rev-parse", "main")
    repo.git("switch", "-q", "-c", "work", start)
    head = CommitId(repo.commit({"work.txt": "work\n"}))
    repo.git("switch", "-q", "main")
    lost = repo.commit({"main.txt": "main\n"})
    base = CommitId(repo.commit({"more.txt": "more\n"}))
    git = GitCommands(repo.path, repo.environ, SystemClock())
    stored = repo.path / ".git/objects" / lost[:2] / lost[2:]
    aside = stored.rename(repo.path / "aside")

    for asked in (git.file_changes, git.patch, git.stat):
        with pytest.raises(Unavailable, match=r"the merge base of .* cannot be found"):
            asked(base, head)

    aside.rename(stored)
    assert [change.path for change in git.file_changes(base, head)] == ["work.txt"]
    assert git.stat(base, head).paths == ("work.txt",)
    assert "main.txt" not in git.patch(base, head)


def test_commits_without_common_history_are_compared_as_they_are(repo):
    base = CommitId(repo.git("rev-parse", "main"))
    repo.git("switch", "-q", "--orphan", "apart")
    head = CommitId(repo.commit({"apart.txt": "apart\n"}))
    git = GitCommands(repo.path, repo.environ, SystemClock())
    assert "apart.txt" in [change.path for change in git.file_changes(base, head)]
