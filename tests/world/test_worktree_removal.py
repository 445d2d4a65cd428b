"""A worktree is out of the way at once, however long its files take to delete, and nothing of it is left."""

from __future__ import annotations

import pytest
from waiting import until

from gitorch.world.clock import SystemClock
from gitorch.world.git.worktrees import DELETED_PREFIX, GitWorktrees


@pytest.fixture
def trees(repo):
    return GitWorktrees(repo.path, repo.environ, SystemClock())


@pytest.fixture
def path(trees, repo, tmp_path):
    made = tmp_path / "work trees" / "r" / "api"
    trees.ensure(made, repo.git("rev-parse", "HEAD"), None)
    return made


def test_a_worktree_is_renamed_and_deleted_in_the_background(trees, path):
    (path / "kept open").mkdir()
    assert trees.remove(path, force=True) == ""
    assert not path.exists()
    until(lambda: list(path.parent.iterdir()) == [])


def test_a_deletion_that_was_killed_is_completed_with_the_next_one_and_with_the_folder(trees, path):
    for number in (1, 2):
        (path.parent / f"{DELETED_PREFIX}old-{number}" / "deep").mkdir(parents=True)
    (path.parent / f"{DELETED_PREFIX}old-1" / "deep" / "file").write_text("x")
    trees.remove(path, force=True)
    trees.tidy(path.parent)
    assert not path.parent.exists()


def test_a_worktree_can_be_created_while_its_predecessor_is_being_deleted(trees, path, repo):
    trees.remove(path, force=True)
    (path.parent / f"{DELETED_PREFIX}api-1").mkdir(exist_ok=True)
    trees.ensure(path, repo.git("rev-parse", "HEAD"), None)
    assert (path / "README.md").exists()
    assert trees.remove(path, force=True) == ""


@pytest.mark.parametrize("branch", ["gitorch/r/ui", None])
def test_files_whose_git_file_somebody_removed_are_kept(trees, repo, tmp_path, branch):
    path, base = tmp_path / "work trees" / "r" / "ui", repo.git("rev-parse", "HEAD")
    trees.ensure(path, base, branch)
    (path / "new.txt").write_text("work\n")
    (path / ".git").unlink()
    assert trees.remove(path) == f"{path} is not a worktree of this repository"
    assert (path / "new.txt").read_text() == "work\n"

    trees.ensure(path, base, branch)
    assert (path.parent / "ui.lost-1" / "new.txt").read_text() == "work\n"
    assert not (path / "new.txt").exists()
    assert trees.remove(path) == ""
    assert trees.tidy(path.parent) == (path.parent / "ui.lost-1",)


def test_gits_folder_of_records_goes_with_the_last_one(trees, path, repo):
    path.rename(path.parent.parent / "moved away")
    assert trees.tidy(path.parent) == ()
    assert not (repo.path / ".git" / "worktrees").exists()
