"""What every `ports.git.Worktrees` promises."""

import pytest

from gitorch.errors import Failed, Refused
from gitorch.model.ids import CommitId


@pytest.fixture
def path(bench):
    return bench.folder / "work trees" / "r" / "api"


def test_a_worktree_is_created_once_on_its_new_branch(bench, path):
    base = bench.git.resolve("main")
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    head = bench.commit_in(path, {"b": "b\n"})
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    assert bench.git.resolve("gitorch/r/api") == head
    assert bench.read(path, "b") == "b\n"


def test_a_branch_that_exists_keeps_its_commits(bench, path):
    base = bench.git.resolve("main")
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    bench.commit_in(path, {"b": "b\n"})
    assert bench.worktrees.remove(path) == ""
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    assert bench.read(path, "b") == "b\n"


def test_a_detached_worktree_moves_to_the_given_commit(bench, path):
    base = bench.git.resolve("main")
    later = bench.write("work", {"b": "b\n"})
    bench.worktrees.ensure(path, base, None)
    assert bench.read(path, "b") is None
    bench.worktrees.ensure(path, later, None)
    assert bench.read(path, "b") == "b\n"
    assert bench.git.facts(path, base).head is None


def test_uncommitted_work_is_kept_unless_forced(bench, path):
    bench.worktrees.ensure(path, bench.git.resolve("main"), "gitorch/r/api")
    bench.edit(path, "new file", "x\n")
    assert "new file" in bench.worktrees.remove(path)
    assert bench.read(path, "new file") == "x\n"
    assert bench.worktrees.remove(path, force=True) == ""
    assert not path.exists()


def test_commits_that_no_branch_has_are_kept_unless_forced(bench, path):
    bench.worktrees.ensure(path, bench.git.resolve("main"), None)
    head = bench.commit_in(path, {"b": "b\n"})
    assert head in bench.worktrees.remove(path)
    assert bench.worktrees.remove(path, force=True) == ""


def test_removing_a_missing_worktree_is_harmless(bench, path):
    assert bench.worktrees.remove(path) == ""
    bench.worktrees.delete_branch("gitorch/r/none", bench.git.resolve("main"))


def test_a_branch_in_use_is_not_deleted(bench, path):
    main = bench.git.resolve("main")
    bench.worktrees.ensure(path, main, "gitorch/r/api")
    with pytest.raises(Failed):
        bench.worktrees.delete_branch("gitorch/r/api", main)
    bench.worktrees.remove(path)
    bench.worktrees.delete_branch("gitorch/r/api", main)
    assert bench.git.resolve("gitorch/r/api") is None


def test_a_branch_that_moved_is_not_deleted(bench):
    main = bench.git.resolve("main")
    later = bench.write("gitorch/r/api", {"b": "b\n"})
    with pytest.raises(Failed, match=f"branch gitorch/r/api moved to {later[:12]}"):
        bench.worktrees.delete_branch("gitorch/r/api", main)
    assert bench.git.resolve("gitorch/r/api") == later


def test_the_branches_that_have_a_commit_are_those_that_came_after_it(bench):
    main = bench.git.resolve("main")
    later = bench.write("gitorch/r/api", {"b": "b\n"})
    assert set(bench.worktrees.branches_with(main)) == {"refs/heads/main", "refs/heads/gitorch/r/api"}
    assert bench.worktrees.branches_with(later) == ("refs/heads/gitorch/r/api",)
    assert bench.worktrees.branches_with(CommitId("0" * 39 + "1")) == ()


@pytest.mark.parametrize("branch", ["main", "gitorch/r", "-D", "gitorch/../main", "gitorch/a/b/c"])
def test_only_work_branches_are_created_or_deleted(bench, path, branch):
    with pytest.raises(Refused):
        bench.worktrees.ensure(path, bench.git.resolve("main"), branch)
    with pytest.raises(Refused):
        bench.worktrees.delete_branch(branch, bench.git.resolve("main"))


def test_a_worktree_at_a_missing_commit_fails(bench, path):
    with pytest.raises(Failed):
        bench.worktrees.ensure(path, CommitId("0" * 39 + "1"), "gitorch/r/api")


def test_an_empty_folder_is_tidied_away(bench, path):
    bench.worktrees.ensure(path, bench.git.resolve("main"), "gitorch/r/api")
    bench.worktrees.tidy(path.parent)
    assert path.exists()
    bench.worktrees.remove(path)
    bench.worktrees.tidy(path.parent)
    assert not path.parent.exists()


def test_worktrees_below_a_folder_are_listed_with_branch_commit_and_uncommitted_paths(bench, path):
    base = bench.git.resolve("main")
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    head = bench.commit_in(path, {"b": "b\n"})
    bench.worktrees.ensure(path.parent / "other", base, None)
    bench.edit(path.parent / "other", "new file", "x\n")
    api, other = bench.worktrees.below(path.parents[1])
    assert (api.path, api.branch, api.head, api.uncommitted) == (path, "gitorch/r/api", head, 0)
    assert (other.branch, other.head, other.uncommitted) == ("", base, 1)
    assert bench.worktrees.below(path.parent / "nowhere") == ()


def test_a_shared_worktree_switches_branches_and_loses_no_work(bench, path):
    base = bench.git.resolve("main")
    bench.worktrees.ensure(path, base, "gitorch/r/api", shared=True)
    head = bench.commit_in(path, {"b": "b\n"})
    bench.edit(path, "unfinished", "x\n")
    bench.worktrees.ensure(path, base, "gitorch/r/ui", shared=True)
    assert (bench.read(path, "b"), bench.read(path, "unfinished")) == (None, None)
    assert (bench.git.facts(path, base).head, bench.git.facts(path, base).uncommitted) == (base, ())
    assert bench.git.resolve("gitorch/r/api") == head
    kept = bench.git.resolve("gitorch/r/api.left-1")
    assert (bench.git.file_at(kept, "unfinished"), bench.git.file_at(kept, "b")) == (b"x\n", b"b\n")
    bench.worktrees.ensure(path, base, "gitorch/r/api", shared=True)
    assert bench.read(path, "b") == "b\n"
    bench.edit(path, "unfinished", "y\n")
    bench.worktrees.ensure(path, base, "gitorch/r/api", shared=True)
    assert bench.read(path, "unfinished") == "y\n"


def test_a_worktree_that_is_not_shared_stays_on_its_branch(bench, path):
    base = bench.git.resolve("main")
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    bench.commit_in(path, {"b": "b\n"})
    bench.worktrees.ensure(path, base, "gitorch/r/ui")
    assert bench.read(path, "b") == "b\n"


def test_the_work_branches_of_a_run_and_what_is_left_in_its_folder_are_named(bench, path):
    base = bench.git.resolve("main")
    bench.worktrees.ensure(path, base, "gitorch/r/api")
    bench.worktrees.ensure(path.parent / "ui", base, "gitorch/r/ui")
    bench.worktrees.ensure(path.parents[1] / "q" / "api", base, "gitorch/q/api")
    assert bench.worktrees.work_branches("r") == ("gitorch/r/api", "gitorch/r/ui")
    bench.worktrees.remove(path)
    assert bench.worktrees.tidy(path.parent) == (path.parent / "ui",)
    bench.worktrees.remove(path.parent / "ui")
    assert bench.worktrees.tidy(path.parent) == ()
