"""A branch moves together with its checkouts or not at all, whatever its user has there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from world.checkout_kit import THEIRS, Target

from gitorch.model.ids import CommitId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from world.repos import Repo


@pytest.fixture
def target(repo: Repo) -> Target:
    return Target(repo)


def edited(target: Target) -> None:
    target.repo.write("mine.txt", "edited\n")


def staged(target: Target) -> None:
    edited(target)
    target.repo.git("add", "mine.txt")


def staged_and_edited(target: Target) -> None:
    staged(target)
    target.repo.write("mine.txt", "edited twice\n")


def deleted(target: Target) -> None:
    (target.repo.path / "mine.txt").unlink()


def renamed(target: Target) -> None:
    target.repo.git("mv", "mine.txt", "yours.txt")


def added(target: Target) -> None:
    target.repo.write("own/added.txt", "mine\n")
    target.repo.git("add", "own/added.txt")


def untracked(target: Target) -> None:
    target.repo.write("own/untracked.txt", "mine\n")
    target.repo.write("deep/own.txt", "mine\n")


def ignored(target: Target) -> None:
    target.repo.write("own.out", "mine\n")


def touched(target: Target) -> None:
    os.utime(target.repo.path / "README.md", (1, 1))


WORK: Mapping[Callable[[Target], None], set[str]] = {
    edited: {"mine.txt"},
    staged: {"mine.txt"},
    staged_and_edited: {"mine.txt"},
    deleted: {"mine.txt"},
    renamed: {"mine.txt", "yours.txt"},
    added: {"own/added.txt"},
    untracked: set(),
    ignored: set(),
    touched: set(),
}


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.__name__)
def test_a_checkout_with_other_work_follows_and_a_commit_of_that_work_reverts_nothing(target, work):
    work(target)
    _, _, before = target.state()
    result = target.move()
    assert (result.moved, result.checkout, result.refused) == (True, "updated", "")
    head, _, after = target.state()
    assert head == target.new
    names = {str(target.repo.path / name) for name in THEIRS}
    names.add(str(target.repo.path / "gone.txt"))
    assert {k: v for k, v in after.items() if k not in names} == {k: v for k, v in before.items() if k not in names}
    assert {name: (target.repo.path / name).read_text() for name in THEIRS} == THEIRS
    assert target.brought_by_a_commit() == WORK[work]


def same_edited(target: Target) -> None:
    target.repo.write("README.md", "mine\n")


def same_staged(target: Target) -> None:
    same_edited(target)
    target.repo.git("add", "README.md")


def same_deleted(target: Target) -> None:
    (target.repo.path / "README.md").unlink()


def removed_one_edited(target: Target) -> None:
    target.repo.write("gone.txt", "mine\n")


def in_the_way(target: Target) -> None:
    target.repo.write("new.py", "mine\n")


def ignored_in_the_way(target: Target) -> None:
    target.repo.write("made.out", "mine\n")


def folder_in_the_way(target: Target) -> None:
    target.repo.write("new.py/own.txt", "mine\n")


def file_for_a_folder(target: Target) -> None:
    target.repo.write("deep", "mine\n")


def link_in_the_way(target: Target) -> None:
    (target.repo.path / "new.py").symlink_to("mine.txt")


STASHED = [
    *(same_edited, same_staged, same_deleted, removed_one_edited, in_the_way, ignored_in_the_way),
    *(folder_in_the_way, file_for_a_folder, link_in_the_way),
]


@pytest.mark.each(3)
@pytest.mark.parametrize("work", STASHED, ids=lambda work: work.__name__)
def test_work_on_the_same_files_refuses_the_move_and_the_offered_command_clears_the_way(target, work):
    work(target)
    target.repo.write("own.out", "not to be stashed\n")
    before = target.state()
    result = target.move()
    assert (result.moved, result.path) == (False, str(target.repo.path))
    assert result.refused
    assert target.state() == before
    target.type(result.command)
    assert (target.repo.path / "own.out").exists()
    assert target.move().checkout == "updated"
    assert target.repo.git("stash", "list").count("\n") == 0, "the work is kept in one stash"
    assert target.repo.git("status", "--porcelain") == ""
    assert target.brought_by_a_commit() == set()


def merging(target: Target) -> None:
    target.repo.git("merge", "--no-commit", "--no-ff", target.repo.branch("other", {"other.txt": "o\n"}))


def conflicting(target: Target) -> None:
    other = target.repo.branch("other", {"mine.txt": "other\n"})
    target.repo.commit({"mine.txt": "conflict\n"})
    target.repo.git("merge", other, check=False)
    target.old = CommitId(target.repo.git("rev-parse", "main"))
    target.new = CommitId(target.repo.git("commit-tree", f"{target.new}^{{tree}}", "-p", target.old, "-m", "merge"))


def picking(target: Target) -> None:
    other = target.repo.branch("other", {"mine.txt": "other\n"})
    target.repo.write("mine.txt", "other than that\n")
    target.repo.git("commit", "-qam", "mine")
    target.old = CommitId(target.repo.git("rev-parse", "main"))
    target.new = CommitId(target.repo.git("commit-tree", f"{target.new}^{{tree}}", "-p", target.old, "-m", "merge"))
    target.repo.git("cherry-pick", other, check=False)


@pytest.mark.parametrize(
    ("work", "words"), [(merging, "a merge is"), (conflicting, "a merge is"), (picking, "a cherry-pick is")]
)
def test_an_operation_that_is_under_way_refuses_the_move(target, work, words):
    work(target)
    before = target.state()
    result = target.move()
    assert not result.moved
    assert words in result.refused
    assert target.state() == before
    target.type(result.command)
    target.repo.git(words.split()[1], "--abort")
    assert target.move().checkout == "updated"


def test_every_checkout_of_a_branch_follows_or_none(target, tmp_path):
    other = tmp_path / "other"
    target.repo.git("worktree", "add", "-q", "--force", str(other), "main")
    target.repo.write("new.py", "mine\n", cwd=other)
    before = target.state()
    result = target.move()
    assert (result.moved, result.path) == (False, str(other))
    assert target.state() == before
    (other / "new.py").unlink()
    assert target.move().checkout == "updated"
    for place in (target.repo.path, other):
        assert target.repo.git("status", "--porcelain", cwd=place) == ""


def clean(_: Target) -> None:
    pass


def edited_alike(target: Target) -> None:
    target.repo.write("README.md", "mine\n")


def staged_alike(target: Target) -> None:
    edited_alike(target)
    target.repo.git("add", "README.md")


def in_the_way(target: Target) -> None:
    target.repo.write("new.py", "mine\n")


LEFT: Mapping[Callable[[Target], None], set[str]] = {
    clean: set(),
    edited: {"mine.txt"},
    staged: {"mine.txt"},
    edited_alike: set(),
    staged_alike: set(),
    in_the_way: set(),
}


@pytest.mark.parametrize("work", LEFT, ids=lambda work: work.__name__)
def test_a_checkout_that_stayed_behind_is_named_until_its_command_was_typed(target, work):
    target.repo.git("update-ref", "refs/heads/main", target.new, target.old)
    work(target)
    before = target.state()
    left = target.left()
    assert (left.checkout, left.path) == ("left", str(target.repo.path))
    assert target.state() == before, "to look changes nothing"
    target.type(left.command)
    assert target.left() is None
    assert target.brought_by_a_commit() == LEFT[work]


@pytest.mark.parametrize("work", [edited, staged_alike, deleted], ids=lambda work: work.__name__)
def test_a_checkout_that_followed_is_not_said_to_have_stayed_behind_whatever_its_user_does(target, work):
    assert target.left() is None
    target.move()
    work(target)
    assert target.left() is None
    target.repo.git("commit", "-qam", "Mine")
    assert target.left() is None
