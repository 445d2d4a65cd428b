"""Worktrees that became a person's are never removed, and the reason is named."""

from __future__ import annotations

import subprocess

import pytest
from waiting import until

from gitorch.errors import Failed
from gitorch.world.clock import SystemClock
from gitorch.world.git.worktrees import GitWorktrees
from gitorch.world.reaper import STARTED_VARIABLE


@pytest.fixture
def trees(repo):
    return GitWorktrees(repo.path, repo.environ, SystemClock())


@pytest.fixture
def path(trees, repo, tmp_path):
    made = tmp_path / "w" / "r" / "api"
    trees.ensure(made, repo.git("rev-parse", "HEAD"), "gitorch/r/api")
    return made


@pytest.mark.parametrize("force", [False, True])
def test_a_locked_worktree_stays_and_its_reason_is_named(trees, path, repo, force):
    repo.git("worktree", "lock", "--reason", "on a stick", str(path))
    assert trees.remove(path, force=force) == f"{path} was locked by a person: on a stick"
    assert (path / "README.md").exists()
    repo.git("worktree", "unlock", str(path))
    assert trees.remove(path, force=force) == ""


@pytest.mark.parametrize("force", [False, True])
def test_a_worktree_that_a_person_switched_to_a_branch_of_theirs_stays(trees, path, repo, force):
    repo.git("switch", "-q", "-c", "mine", cwd=path)
    assert "has the branch mine checked out, which is not gitorch's" in trees.remove(path, force=force)
    assert (path / "README.md").exists()


@pytest.mark.parametrize("force", [False, True])
def test_a_worktree_in_which_a_person_works_stays_and_the_process_is_named(trees, path, force):
    with subprocess.Popen(["sleep", "600"], cwd=path) as person:
        assert trees.remove(path, force=force) == f"process {person.pid} (sleep 600) works in {path}"
        assert (path / "README.md").exists()
        person.kill()
    assert trees.remove(path, force=force) == ""


def test_a_process_that_gitorch_started_does_not_keep_a_worktree(trees, path):
    with subprocess.Popen(["sleep", "600"], cwd=path, env={STARTED_VARIABLE: "agent"}) as agent:
        assert trees.remove(path) == ""
        agent.kill()


def test_a_locked_worktree_on_a_disk_that_is_not_there_is_kept_and_the_command_that_gives_it_up_is_named(
    trees, path, repo
):
    repo.git("worktree", "lock", str(path))
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(Failed, match="is missing or incomplete, but it is locked") as caught:
        trees.ensure(path, repo.git("rev-parse", "HEAD"), "gitorch/r/api")
    assert trees.tidy(path.parent) == (path.with_name("elsewhere"),)
    assert str(path) in repo.git("worktree", "list")
    subprocess.run(caught.value.hint, shell=True, check=True, cwd=repo.path)
    trees.ensure(path, repo.git("rev-parse", "HEAD"), "gitorch/r/api")
    assert (path / "README.md").exists()


def test_a_worktree_that_is_being_made_is_no_person_s(trees, path, repo):
    repo.git("worktree", "lock", "--reason", "initializing", str(path))
    until(lambda: trees.remove(path) == "")
    assert not path.exists()
