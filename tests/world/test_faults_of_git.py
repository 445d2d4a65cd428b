"""Every fault that the world raises about git: provoked for real, with its class, message and hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitorch.errors import Corrupt, Failed, GitorchError, Unavailable
from gitorch.model.ids import CommitId
from gitorch.world.clock import SystemClock
from gitorch.world.git.history import GitHistory
from gitorch.world.git.object_reader import ObjectReader
from gitorch.world.git.store import GitStore
from gitorch.world.git.worktrees import GitWorktrees

if TYPE_CHECKING:
    from collections.abc import Callable


from fault_place import Place, assert_fault

MISSING = CommitId("1" * 40)


@pytest.fixture
def place(tmp_path, repo, monkeypatch):
    return Place(tmp_path, monkeypatch, repo)


def no_git_for_history(place):
    list(GitHistory(place.common, place.nothing()).stream(place.head))


def no_git_for_objects(place):
    list(ObjectReader(place.common, place.nothing()).objects([place.head]))


def no_git_for_the_store(place):
    GitStore(place.common, place.nothing()).tip()


def no_git_for_bodies(place):
    store = GitStore(place.common, place.nothing())
    with store._reader():
        pass


def silent_cat_file(place):
    list(GitHistory(place.common, place.git("*cat-file*", "exit 0")).stream(place.head))


def missing_object(place):
    list(ObjectReader(place.common, place.repo.environ).objects([MISSING]))


def object_cut_short(place):
    env = place.git("*cat-file*", f"printf '{place.head} commit 400\\ntree'; exit 0")
    list(ObjectReader(place.common, env).objects([place.head]))


def unreachable_history(place):
    list(GitHistory(place.common, place.repo.environ).checked(MISSING))


def tag_as_ledger(place):
    place.repo.git("tag", "-a", "-m", "x", "marked")
    tag = place.repo.git("rev-parse", "marked")
    (place.common / "refs/heads/gitorch").mkdir()
    (place.common / "refs/heads/gitorch/ledger").write_text(f"{tag}\n")
    GitStore(place.common, place.repo.environ).tip()


def ref_that_cannot_move(place):
    env = place.git("*update-ref*", "echo 'fatal: disk full' >&2; exit 1")
    GitStore(place.common, env).forward(None, place.head)


def commit_that_is_missing(place):
    GitStore(place.common, place.repo.environ).read(MISSING, "a.txt")


def silent_failure_of_git(place):
    GitStore(place.common, place.git("*ls-tree*", "exit 3")).read(place.head, "README.md")


def work_on_no_branch(place):
    path = place.detached()
    worktrees(place).ensure(path, place.head, "gitorch/auth-7f3a/ui", shared=True)


def worktrees(place, env=None):
    return GitWorktrees(place.repo.path, env or place.repo.environ, SystemClock())


def branch_that_is_taken(place):
    """git checks out no branch in two worktrees."""
    one, other = (place.folder / "trees" / name for name in ("one", "other"))
    worktrees(place).ensure(one, place.head, "gitorch/auth-7f3a/api")
    worktrees(place).ensure(other, place.head, "gitorch/auth-7f3a/ui")
    worktrees(place).ensure(other, place.head, "gitorch/auth-7f3a/api", shared=True)


def worktree_that_stays(place):
    path = place.folder / "trees" / "one"
    worktrees(place).ensure(path, place.head, "gitorch/auth-7f3a/api")
    env = place.git("*'worktree remove'*", "echo 'fatal: no' >&2; exit 1")
    place.monkeypatch.setattr(GitWorktrees, "_unregister", lambda *_: None)
    worktrees(place, env).remove(path, force=True)


TAKEN = (
    "git cannot switch {folder}/trees/other to gitorch/auth-7f3a/api:"
    " fatal: 'gitorch/auth-7f3a/api' is already checked out at '{folder}/trees/one'"
)

FAULTS: list[tuple[Callable[[Place], object], type[GitorchError], str, str]] = [
    (no_git_for_history, Unavailable, "git cannot be run: [Errno 2] No such file or directory: 'git'.", "install git"),
    (no_git_for_objects, Unavailable, "git cannot be run: [Errno 2] No such file or directory: 'git'.", "install git"),
    (
        no_git_for_the_store,
        Unavailable,
        "git cannot be asked: [Errno 2] No such file or directory: 'git'.",
        "install git",
    ),
    (no_git_for_bodies, Unavailable, "git cannot be run: [Errno 2] No such file or directory: 'git'.", "install git"),
    (silent_cat_file, Corrupt, "Object ? of the ledger is missing.", "gitorch recover"),
    (missing_object, Corrupt, f"Object {MISSING} of the ledger is missing or cannot be read.", "gitorch recover"),
    (object_cut_short, Corrupt, "Object {head} of the ledger cannot be read to its end.", "gitorch recover"),
    (unreachable_history, Corrupt, f"git cannot read every commit up to {MISSING}.", "gitorch recover"),
    (
        tag_as_ledger,
        Corrupt,
        "refs/heads/gitorch/ledger does not hold a commit but '{tag} tag'.",
        "gitorch recover",
    ),
    (ref_that_cannot_move, Unavailable, "git cannot move refs/heads/gitorch/ledger: fatal: disk full.", ""),
    (commit_that_is_missing, Unavailable, "git failed: fatal: not a tree object.", ""),
    (silent_failure_of_git, Unavailable, "git failed: exit status 3.", ""),
    (
        work_on_no_branch,
        Failed,
        "{folder}/trees/shared is shared, is on no branch, and holds left.txt, which no commit holds",
        "git -C {folder}/trees/shared status",
    ),
    (
        branch_that_is_taken,
        Failed,
        TAKEN,
        "git -C {folder}/trees/other status",
    ),
    (worktree_that_stays, Failed, "git cannot remove the worktree {folder}/trees/one: fatal: no", "git worktree list"),
]


@pytest.mark.parametrize(("fault", "cls", "message", "hint"), FAULTS, ids=[row[0].__name__ for row in FAULTS])
def test_a_fault_of_git_names_the_thing_and_a_command(place, fault, cls, message, hint):
    assert_fault(place, fault, cls, message, hint)
