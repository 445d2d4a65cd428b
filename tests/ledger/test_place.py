"""Where a repository keeps its ledger, and which store suits its layout."""

from pathlib import Path

import pytest
from ledger_kit import git, new_repo

from gitorch.errors import NotFound
from gitorch.ledger.location import choose, common_dir


def test_the_common_directory_is_found_from_anywhere_inside(tmp_path):
    repo = new_repo(tmp_path / "r")
    (repo / "a" / "b").mkdir(parents=True)
    expected = (repo / ".git").resolve()
    git(repo, "worktree", "add", "-q", "../linked")
    assert common_dir(repo / "a" / "b") == expected
    assert common_dir(repo / ".git" / "objects") == expected
    assert common_dir(tmp_path / "linked") == expected
    assert common_dir(repo / ".git" / "worktrees" / "linked") == expected


def test_a_bare_repository_is_its_own_git_directory(tmp_path):
    repo = new_repo(tmp_path / "r.git", "--bare")
    assert common_dir(repo / "refs") == repo.resolve()


def test_a_submodule_has_a_ledger_of_its_own(tmp_path):
    inner = new_repo(tmp_path / "inner")
    outer = new_repo(tmp_path / "outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    assert common_dir(outer / "sub") == (outer / ".git" / "modules" / "sub").resolve()


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        (("HEAD",), ()),
        ((), ("objects",)),
        (("HEAD", "objects"), ()),
        ((), ("HEAD", "objects")),
        ((), ("commondir",)),
        ((".git",), ()),
    ],
)
def test_a_folder_with_half_of_a_git_directory_belongs_to_the_repository_around_it(tmp_path, files, folders):
    repo = new_repo(tmp_path / "r")
    half = repo / "half"
    half.mkdir()
    for name in files:
        (half / name).write_text("some: text\n")
    for name in folders:
        (half / name).mkdir()
    assert common_dir(half) == (repo / ".git").resolve()


def test_outside_of_a_repository_nothing_is_found():
    """The temporary folder may lie in somebody's repository; this one lies in none."""
    with pytest.raises(NotFound, match="not inside a git repository"):
        common_dir(Path("/no/such/folder"))


@pytest.mark.parametrize(
    ("key", "value", "store"),
    [
        ("core.bare", "false", "dulwich"),
        ("extensions.worktreeConfig", "true", "dulwich"),
        ("extensions.objectFormat", "sha1", "dulwich"),
        ("extensions.objectFormat", "sha256", "git"),
        ("extensions.refStorage", "reftable", "git"),
        ("extensions.partialClone", "origin", "git"),
        ("extensions.preciousObjects", "true", "git"),
        ("extensions.somethingNew", "1", "git"),
        ("remote.origin.promisor", "true", "git"),
        ("remote.or[i]gin.promisor", "true", "git"),
        ("remote.origin.promisor", "false", "dulwich"),
        ("core.sharedRepository", "group", "git"),
        ("core.sharedRepository", "umask", "dulwich"),
    ],
)
def test_the_store_is_chosen_by_the_configuration_of_the_repository(tmp_path, key, value, store):
    repo = new_repo(tmp_path / "r")
    git(repo, "config", "--file", ".git/config", key, value)
    choice = choose(repo / ".git")
    assert choice.store == store
    assert choice.why
