"""Worktrees that are read from git's files are what `git worktree list` says, whatever lies in their place."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import repos

from gitorch.world.clock import SystemClock
from gitorch.world.git.checkout import listed_worktrees, worktrees
from gitorch.world.git.runner import GitRunner
from gitorch.world.git.worktree_files import read_worktrees

COMMIT = "1234567890" * 4


class Yard:
    """A repository with worktrees, and the records that git keeps of them."""

    def __init__(self, repo, trees):
        self.repo, self.path, self.trees = repo, repo.path, trees
        self.common = repo.path / ".git"
        self.records = self.common / "worktrees"

    def add(self, name, *words):
        self.git("worktree", "add", "-q", *words, at=name)

    def git(self, *words, at=None):
        self.repo.git(*words, *([str(self.trees / at)] if at else []))

    def runner(self):
        return GitRunner(self.path, self.repo.environ, SystemClock())


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("yard")
    made = Yard(repos.make(folder), folder / "trees")
    made.add("api", "-b", "gitorch/run-1/api")
    made.add("Zed", "-b", "gitorch/run-1/zed")
    made.add("detached", "--detach")
    return made


@pytest.fixture
def yard(template, tmp_path):
    """A copy of the repository; its worktrees are those of the template, which nobody changes."""
    path = shutil.copytree(template.path, tmp_path / "repo", symlinks=True)
    return Yard(repos.Repo(path, template.repo.environ), template.trees)


def write(name, data):
    return lambda yard: (yard.common / name).write_bytes(data)


def link_head(yard):
    (yard.common / "HEAD").unlink()
    (yard.common / "HEAD").symlink_to("refs/heads/main")


def relative(yard):
    (yard.records / "api/gitdir").write_text("../../../../trees/api/.git\n")


def with_settings_of_their_own(yard):
    yard.repo.git("config", "extensions.worktreeConfig", "true")
    yard.repo.git("config", "--worktree", "core.bare", "true")


STATES = {
    "worktrees": lambda _: None,
    "none": lambda yard: shutil.rmtree(yard.records),
    "a detached main one": lambda yard: yard.repo.git("checkout", "-q", "--detach"),
    "an empty main branch": lambda yard: yard.repo.git("checkout", "-q", "--orphan", "new"),
    "packed refs": lambda yard: yard.repo.git("pack-refs", "--all"),
    "locked": lambda yard: yard.git("worktree", "lock", at="api"),
    "locked with a reason": lambda yard: yard.git("worktree", "lock", "--reason", "on a\n stick  é", at="api"),
    "a lock of blanks": write("worktrees/api/locked", b" \n\t"),
    "a lock with other bytes": write("worktrees/api/locked", b"\xff \x0b"),
    "a lock with a zero": write("worktrees/api/locked", b"a\0b"),
    "a removed folder": write("worktrees/api/gitdir", b"/nowhere/.git\n"),
    "a branch that was deleted": lambda yard: yard.repo.git("update-ref", "-d", "refs/heads/gitorch/run-1/api"),
    "a record without gitdir": lambda yard: (yard.records / "api/gitdir").unlink(),
    "a record without HEAD": lambda yard: (yard.records / "api/HEAD").unlink(),
    "an empty record": lambda yard: (yard.records / "more").mkdir(),
    "a file among the records": write("worktrees/more", b""),
    "an empty gitdir": write("worktrees/api/gitdir", b""),
    "a relative gitdir": relative,
    "a gitdir with blanks behind": write("worktrees/api/gitdir", b"/a b /.git \n"),
    "a gitdir of another name": write("worktrees/api/gitdir", b"/a/b\n"),
    "a gitdir with other bytes": write("worktrees/api/gitdir", b"/a/\xff/.git\n"),
    "a head that is a link": link_head,
    "a head that git lacks": write("worktrees/api/HEAD", COMMIT.encode() + b"\n"),
    "a head of zeros": write("worktrees/api/HEAD", b"0" * 40 + b"\n"),
    "a head of a word": write("worktrees/api/HEAD", b"main\n"),
    "a head with a blank": write("worktrees/api/HEAD", b"ref:  refs/heads/main \n"),
    "a head without a line end": write("worktrees/api/HEAD", b"ref: refs/heads/main"),
    "a head of a tag": write("worktrees/api/HEAD", b"ref: refs/tags/main\n"),
    "a head in letters of other languages": lambda yard: yard.git("branch", "-m", "main", "Größe"),
    "a symbolic branch": lambda yard: yard.repo.git("symbolic-ref", "refs/heads/gitorch/run-1/api", "refs/heads/main"),
    "bare": lambda yard: yard.repo.git("config", "core.bare", "true"),
    "neither bare nor not": lambda yard: yard.repo.git("config", "--unset", "core.bare"),
    "settings of their own": with_settings_of_their_own,
    "a folder with letters of other languages": write("worktrees/api/gitdir", "/Größe/.git\n".encode()),
    "two with one branch": write("worktrees/detached/HEAD", b"ref: refs/heads/main\n"),
    "a rebase": lambda yard: (yard.common / "rebase-merge").mkdir(),
}


def said(entries):
    return [{name: value for name, value in entry.items() if name != "prunable"} for entry in entries]


@pytest.mark.parametrize("state", STATES)
def test_worktrees_are_what_git_says_whatever_lies_in_their_place(yard, state):
    STATES[state](yard)
    runner = yard.runner()
    assert said(worktrees(runner)) == said(listed_worktrees(runner))
    assert said(worktrees(runner)) == said(listed_worktrees(runner)), "a second look"


def test_usual_worktrees_need_no_process(yard, monkeypatch):
    runner = yard.runner()
    first = list(worktrees(runner))
    monkeypatch.setattr(GitRunner, "start", None)
    assert list(worktrees(runner)) == first
    assert [entry.get("branch") for entry in first] == [
        "refs/heads/main",
        "refs/heads/gitorch/run-1/zed",
        "refs/heads/gitorch/run-1/api",
        None,
    ]


def test_a_bare_repository_and_its_worktree_are_what_git_says(yard, tmp_path):
    bare, tree = tmp_path / "bare.git", tmp_path / "of bare"
    yard.git("clone", "-q", "--bare", str(yard.path), str(bare))
    yard.git("--git-dir", str(bare), "worktree", "add", "-q", str(tree), "main")
    for place in (bare, tree):
        runner = GitRunner(place, yard.repo.environ, SystemClock())
        assert said(worktrees(runner)) == said(listed_worktrees(runner))


def test_a_pipe_in_the_place_of_a_record_holds_nobody_up(yard):
    for name in ("HEAD", "gitdir", "locked"):
        path = yard.records / "api" / name
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        runner = yard.runner()
        assert read_worktrees(yard.common, runner.refs) is None
        path.unlink()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("add", "add detached", "remove", "lock", "unlock", "switch", "commit", "pack-refs", "move", "prune")
        ),
        st.sampled_from(("api", "Zed", "detached", "new", "New")),
    ),
    min_size=3,
    max_size=8,
)
WORDS = {
    "add": lambda tree: ("worktree", "add", "-q", "-B", f"gitorch/run-1/{tree.name}-2", str(tree)),
    "add detached": lambda tree: ("worktree", "add", "-q", "--detach", str(tree)),
    "remove": lambda tree: ("worktree", "remove", "--force", "--force", str(tree)),
    "lock": lambda tree: ("worktree", "lock", "--reason", f"for {tree.name}", str(tree)),
    "unlock": lambda tree: ("worktree", "unlock", str(tree)),
    "switch": lambda tree: ("-C", str(tree), "checkout", "-q", "-B", f"gitorch/run-1/{tree.name}-3"),
    "commit": lambda tree: ("-C", str(tree), "commit", "-q", "--allow-empty", "-m", "More"),
    "pack-refs": lambda _: ("pack-refs", "--all"),
    "move": lambda tree: ("worktree", "move", "--force", "--force", str(tree), f"{tree}-moved"),
    "prune": lambda _: ("worktree", "prune", "--expire", "now"),
}


@settings(max_examples=12)
@given(steps=STEPS)
def test_worktrees_are_what_git_says_after_any_steps(steps, tmp_path_factory):
    folder = tmp_path_factory.mktemp("steps")
    repo = repos.make(folder)
    runner = GitRunner(repo.path, repo.environ, SystemClock())
    for step, name in steps:
        repo.git(*WORDS[step](folder / name), check=False)
        assert said(worktrees(runner)) == said(listed_worktrees(runner)), step
