"""Reading what an agent left: nothing is followed, whatever lies there."""

from __future__ import annotations

import os

import pytest

from gitorch.errors import Refused
from gitorch.world.files import LocalFiles


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tree/docs").mkdir(parents=True)
    (tmp_path / "tree/docs/x.md").write_text("words")
    (tmp_path / "outside.md").write_text("secret")
    return tmp_path / "tree"


def read(root, path, bytes_max=100):
    return LocalFiles.inside(root, path, bytes_max)


def test_a_file_is_read_and_a_missing_one_is_none(root):
    assert read(root, "docs/x.md") == b"words"
    assert read(root, "docs/y.md") is None
    assert read(root, "nowhere/y.md") is None


def test_links_are_not_followed(root):
    (root / "link.md").symlink_to(root.parent / "outside.md")
    (root / "folder").symlink_to(root.parent)
    (root / "inner").symlink_to("docs")
    for path in ("link.md", "folder/outside.md", "inner/x.md"):
        with pytest.raises(Refused, match="link"):
            read(root, path)


def test_anything_but_a_regular_file_is_refused_without_waiting(root):
    os.mkfifo(root / "pipe")
    for path in ("pipe", "docs"):
        with pytest.raises(Refused, match="no regular file"):
            read(root, path)
    with pytest.raises(Refused, match="no folder"):
        read(root, "docs/x.md/y")


def test_a_file_that_is_too_large_is_not_read(root):
    with pytest.raises(Refused, match="larger than 4 bytes"):
        read(root, "docs/x.md", 4)


def test_another_repository_inside_the_worktree_is_not_entered(root):
    (root / "sub").mkdir()
    (root / "sub/.git").write_text("gitdir: elsewhere")
    (root / "sub/x.md").write_text("x")
    with pytest.raises(Refused, match="another repository"):
        read(root, "sub/x.md")


def test_names_that_differ_in_case_or_composition_only_are_refused(root):
    (root / "docs/X.md").write_text("twin")
    with pytest.raises(Refused, match=r"has the same name as X.md"):
        read(root, "docs/x.md")


def test_a_worktree_that_does_not_exist_yet_has_no_file(tmp_path):
    assert LocalFiles.inside(tmp_path / "none", "docs/a.md", 100) is None
