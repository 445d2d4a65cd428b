"""What git tells of a branch: every kind of change by both its names, and what would be lost by merging it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import repos

from gitorch.world.clock import SystemClock
from gitorch.world.git.repository import GitCommands
from gitorch.world.git.worktrees import GitWorktrees


@pytest.fixture
def work(tmp_path):
    repo = repos.make(tmp_path)
    git = GitCommands(repo.path, repo.environ, SystemClock())
    base = git.resolve("main")
    path = tmp_path / "work"
    GitWorktrees(repo.path, repo.environ, SystemClock()).ensure(path, base, "gitorch/r/api")

    def facts():
        repo.git("add", "--all", cwd=path)
        repo.git("commit", "-q", "-m", "work", cwd=path)
        return git.facts(path, base)

    return repo, path, facts


def test_renames_deletions_modes_and_links_all_count_as_changes(work):
    _, path, facts = work
    (path / "src/a.py").rename(path / "src/b.py")
    (path / "README.md").chmod(0o755)
    (path / "link").symlink_to("README.md")
    told = facts()
    assert sorted(told.changed) == ["README.md", "link", "src/a.py", "src/b.py"]
    assert told.hazards == ()


def test_a_link_out_of_the_repository_is_a_hazard(work):
    _, path, facts = work
    (path / "passwords").symlink_to("/etc/passwd")
    assert facts().hazards == ("passwords links to /etc/passwd, outside of the repository",)


def test_a_nested_repository_is_a_hazard_unless_it_is_a_submodule(work):
    repo, path, facts = work
    (path / "inner").mkdir()
    repo.git("init", "-q", cwd=path / "inner")
    repo.git("commit", "-q", "--allow-empty", "-m", "x", cwd=path / "inner")
    told = facts()
    assert told.changed == ("inner",)
    assert told.hazards[0].startswith("inner is a repository of its own, whose files would be lost")
    (path / ".gitmodules").write_text('[submodule "inner"]\n\tpath = inner\n\turl = ./inner\n')
    assert facts().hazards == ()


def test_a_name_that_differs_only_in_case_is_a_hazard(work):
    _, path, facts = work
    (path / "readme.md").write_text("other\n")
    assert facts().hazards[0].startswith("readme.md and README.md are the same path")
