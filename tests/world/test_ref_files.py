"""Branches that are read from git's files are what `git for-each-ref` says, whatever lies in their place."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from gitorch.world.clock import SystemClock
from gitorch.world.git import repository
from gitorch.world.git.ref_files import RefFiles
from gitorch.world.git.repository import GitCommands

NAMES = [f"refs/heads/{name}" for name in ("main", "gitorch/run-1/api", "gitorch/run-1/api/more", "gone", "Größe")]
HERE, THERE = "refs/heads/gitorch/run-1/api", "gitorch/run-1/api"
ORIGIN = "refs/remotes/origin/main"
MISSING = "1234567890" * 4


@pytest.fixture
def place(repo):
    repo.git("commit", "-q", "--allow-empty", "-m", "Second")
    repo.git("branch", THERE, "main~1")
    return repo


def write(place, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    (place.path / ".git" / HERE).write_bytes(data)


def replace_by_link(place) -> None:
    (place.path / ".git" / HERE).unlink()
    (place.path / ".git" / HERE).symlink_to("refs/heads/main")


def replace_by_pipe(place) -> None:
    (place.path / ".git" / HERE).unlink()
    os.mkfifo(place.path / ".git" / HERE)


def replace_by_folder(place) -> None:
    place.git("branch", "-D", "-q", THERE)
    place.git("branch", f"{THERE}/more", "main")


def pack_and_move(place) -> None:
    place.git("pack-refs", "--all")
    place.git("branch", "-f", THERE, "main")


def pack_twice(place) -> None:
    place.git("pack-refs", "--all")
    GitCommands(place.path, dict(os.environ), SystemClock()).heads(NAMES)
    place.git("branch", "-f", THERE, "main")
    place.git("pack-refs", "--all")


def pack_with_tags(place) -> None:
    place.git("tag", "-a", "-m", "One", "one")
    place.git("pack-refs", "--all")


def clone_first_branch(place) -> None:
    place.git("update-ref", ORIGIN, "main")
    place.git("symbolic-ref", "refs/remotes/origin/HEAD", ORIGIN)


STATES = {
    "a file": lambda _: None,
    "packed": lambda place: place.git("pack-refs", "--all"),
    "packed, then moved": pack_and_move,
    "packed twice": pack_twice,
    "packed beside a tag": pack_with_tags,
    "packed, then deleted": lambda place: (place.git("pack-refs", "--all"), place.git("branch", "-D", "-q", THERE)),
    "deleted": lambda place: place.git("branch", "-D", "-q", THERE),
    "a branch below": replace_by_folder,
    "a symbolic ref": lambda place: place.git("symbolic-ref", HERE, "refs/heads/main"),
    "a link": replace_by_link,
    "a commit that git lacks": lambda place: write(place, MISSING + "\n"),
    "in capitals": lambda place: write(place, place.git("rev-parse", "main").upper() + "\n"),
    "without its line end": lambda place: write(place, place.git("rev-parse", "main")),
    "with more behind it": lambda place: write(place, place.git("rev-parse", "main") + " more\n"),
    "an empty file": lambda place: write(place, ""),
    "a word": lambda place: write(place, "main\n"),
    "zeros": lambda place: write(place, "0" * 40 + "\n"),
    "other bytes": lambda place: write(place, b"\xff" * 41),
    "a name in other letters": lambda place: place.git("branch", "Größe"),
    "a branch of the remote": lambda place: place.git("update-ref", "refs/remotes/origin/main", "main"),
    "the first branch of the remote": clone_first_branch,
    "the first branch of the remote, deleted": lambda place: (
        clone_first_branch(place),
        place.git("update-ref", "-d", ORIGIN),
    ),
    "a lock": lambda place: (place.path / ".git" / f"{HERE}.lock").write_text(""),
    "a name with two dots": lambda place: shutil.copy(place.path / ".git" / HERE, place.path / ".git/refs/heads/a..b"),
    "an empty folder": lambda place: (place.path / ".git/refs/heads/a").mkdir(),
    "a bisection": lambda place: place.git("update-ref", "refs/bisect/bad", "main"),
    "a tag": lambda place: place.git("tag", "-a", "-m", "One", "one"),
    "a store that is named": lambda place: place.git("config", "extensions.refStorage", "files"),
}


LEFT_TO_GIT = {
    "a link",
    "in capitals",
    "with more behind it",
    "an empty file",
    "a word",
    "zeros",
    "other bytes",
    "a name in other letters",
    "a store that is named",
    "the first branch of the remote, deleted",
    "a name with two dots",
}


def listed(place) -> dict[str, str]:
    """What git says of these branches, without those below them."""
    words = ("git", "for-each-ref", "--format=%(refname) %(objectname)", "--", *NAMES)
    lines = subprocess.run(words, cwd=place.path, capture_output=True, text=True, check=False).stdout.splitlines()
    return {ref: commit for ref, commit in map(str.split, lines) if ref in NAMES}


@pytest.mark.parametrize("state", STATES)
def test_branches_are_what_git_says_whatever_lies_in_their_place(place, state):
    STATES[state](place)
    seen = GitCommands(place.path, dict(os.environ), SystemClock())
    assert seen.heads(NAMES) == listed(place)
    assert seen.heads(NAMES) == listed(place), "a second look, with what was kept of the first"


@pytest.mark.parametrize("state", STATES)
def test_all_refs_are_what_git_says_or_left_to_git(place, state):
    STATES[state](place)
    words = ("git", "for-each-ref", "--format=%(refname) %(objectname)")
    lines = subprocess.run(words, cwd=place.path, capture_output=True, text=True, check=False).stdout.splitlines()
    found = RefFiles(place.path / ".git").every()
    assert found is None or list(found.items()) == [tuple(line.split()) for line in lines]
    assert (found is None) == (state in LEFT_TO_GIT)


def test_a_pipe_in_the_place_of_a_branch_is_left_to_git_and_holds_nobody_up(place):
    replace_by_pipe(place)
    assert RefFiles(place.path / ".git").read([HERE]) is None


def test_what_is_no_name_of_a_branch_is_never_read_as_a_file(place):
    files = RefFiles(place.path / ".git")
    for name in ("config", "HEAD", "refs/heads/../../HEAD", "refs/heads/.hidden", "refs/heads/", "refs/tags/one"):
        assert files.read([name]) is None, name


def test_usual_branches_need_no_process(place, monkeypatch):
    seen = GitCommands(place.path, dict(os.environ), SystemClock())
    monkeypatch.setattr(repository.GitRunner, "start", None)
    assert len(seen.heads(["refs/heads/main", HERE, "refs/heads/gone"])) == 2
