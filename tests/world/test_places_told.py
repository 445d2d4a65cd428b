"""Where a repository lies, what becomes of one that was moved or copied, and what a sandbox of it is made of."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from golden import assert_golden

from gitorch.model.ids import CommitId
from gitorch.ports.place import FolderPair, Relocation
from gitorch.world import sandbox
from gitorch.world.clock import SystemClock
from gitorch.world.git.runner import GitRunner
from gitorch.world.git.sandbox_commits import import_commits
from gitorch.world.git.worktrees import GitWorktrees
from gitorch.world.place import RepositoryPlace

API = "gitorch/auth-7f3a/api"


class Ended:
    """Terminals that note what is asked of them, and had this many processes."""

    def __init__(self, living: int) -> None:
        self.living, self.told = living, []

    def pids(self):
        return range(self.living)

    def stop(self, key) -> None:
        self.told.append(key.name)

    def close(self) -> None:
        self.told.append("closed")


def place_of(repo_path: Path, environ, terminals=None):
    home = repo_path / ".git" / "gitorch"
    return RepositoryPlace(home, repo_path, GitRunner(repo_path, environ, SystemClock()), lambda _: terminals)


def test_a_repository_that_stays_has_no_relocation_and_its_place_is_written_once(repo):
    place = place_of(repo.path, repo.environ)
    assert place.relocation() is None
    place.remember()
    path = repo.path / ".git/gitorch/place"
    before = path.read_text()
    assert json.loads(before)["common"] == str(repo.path / ".git")
    assert len(json.loads(before)["word"]) == 16
    place.remember()
    assert path.read_text() == before
    assert place.relocation() is None


@pytest.mark.parametrize("is_copy", [False, True])
def test_a_repository_that_was_moved_differs_from_one_that_was_copied(repo, tmp_path, is_copy):
    place_of(repo.path, repo.environ).remember()
    new = tmp_path / "elsewhere" / "repo"
    new.parent.mkdir()
    (shutil.copytree if is_copy else shutil.move)(repo.path, new)
    place = place_of(new, repo.environ)

    found = place.relocation()
    assert found == Relocation(repo.path, repo.path / ".git", tmp_path / "repo.worktrees", is_copy)

    place.remember()
    assert place.relocation() is None
    if is_copy:
        words = [json.loads((one / ".git/gitorch/place").read_text())["word"] for one in (repo.path, new)]
        assert words[0] != words[1]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"common": 3}', "{"])
def test_a_file_of_a_place_that_makes_no_sense_is_none(repo, text):
    path = repo.path / ".git/gitorch/place"
    path.parent.mkdir()
    path.write_text(text)
    place = place_of(repo.path, repo.environ)
    assert place.relocation() is None
    place.remember()
    assert json.loads(path.read_text())["common"] == str(repo.path / ".git")


def test_agents_of_the_old_place_are_ended_and_those_of_an_original_are_not(repo):
    sessions = repo.path / ".git/gitorch/sessions"
    for name in ("sessions/auth-7f3a/s1", "views/s1", "places/x", "checks/x", "kept"):
        (repo.path / ".git/gitorch" / name).mkdir(parents=True)
    moved, copied = (Relocation(repo.path, repo.path / ".git", repo.path, copy) for copy in (False, True))

    terminals = Ended(3)
    place = place_of(repo.path, repo.environ, terminals)
    assert place.end_agents(moved) == ("ended the tmux server of the old place and its agents (3)",)
    assert terminals.told[-1] == "closed"
    assert place_of(repo.path, repo.environ, Ended(0)).end_agents(moved) == ()
    assert sessions.is_dir()

    terminals = Ended(3)
    told = place_of(repo.path, repo.environ, terminals).end_agents(copied)
    assert told == ("the agents of the original go on there; this copy starts its own",)
    assert terminals.told == []
    assert sorted(path.name for path in (repo.path / ".git/gitorch").iterdir()) == ["kept"]


def test_worktrees_are_found_repaired_moved_or_forgotten_and_each_has_its_sentence(repo, tmp_path, request):
    """The repository and its folder of worktrees are moved; then some worktrees are where nobody expects them."""
    old_trees, new = tmp_path / "repo.worktrees", tmp_path / "new" / "repo"
    head = CommitId(repo.git("rev-parse", "HEAD"))
    trees = GitWorktrees(repo.path, repo.environ, SystemClock())
    for name in ("stays", "along", "gone", "locked", "taken", "refused"):
        trees.ensure(old_trees / name, head, f"gitorch/auth-7f3a/{name}")
    for name in ("locked", "refused"):
        repo.git("worktree", "lock", str(old_trees / name))
    repo.git("worktree", "add", "-q", "-b", "own", str(tmp_path / "own"))
    new.parent.mkdir()
    shutil.move(repo.path, new)
    new_trees = new.parent / "repo.worktrees"
    new_trees.mkdir()
    shutil.move(old_trees / "along", new_trees / "along")
    shutil.move(old_trees / "taken", tmp_path / "kept aside")
    shutil.rmtree(old_trees / "gone")
    shutil.rmtree(old_trees / "locked")
    shutil.move(tmp_path / "kept aside", old_trees / "taken")
    (new_trees / "taken").mkdir()
    (new_trees / "taken" / "x").touch()

    place = place_of(new, repo.environ)
    relocation = Relocation(repo.path, repo.path / ".git", old_trees, False)
    told = place.repair_worktrees(relocation, [FolderPair(old_trees, new_trees)])

    text = re.sub(r"fatal: [^\n]*\n[^\n]*", "fatal: …", "\n".join(told)).replace(str(tmp_path), "{folder}")
    assert_golden("relocation.txt", text + "\n", request)
    listed = GitRunner(new, repo.environ, SystemClock()).output("worktree", "list")
    assert str(new_trees / "stays") in listed
    assert str(tmp_path / "own") in listed
    assert "gone" not in listed


def test_a_sandbox_is_made_of_these_files_and_mounts(repo, tmp_path, request, monkeypatch):
    monkeypatch.setattr(sandbox, "_installed", lambda: (Path("/tmp/gitorch"),))
    worktree = tmp_path / "trees" / "api"
    head = CommitId(repo.git("rev-parse", "HEAD"))
    GitWorktrees(repo.path, repo.environ, SystemClock()).ensure(worktree, head, API)
    told = []
    for branch, network in ((API, False), ("", True)):
        view = sandbox.view_of(repo.path / ".git" / "gitorch", "s1", branch)
        view.folder.mkdir(parents=True, exist_ok=True)
        (view.folder / "left").touch()
        sandbox.prepare(view, head)
        for path in sorted(view.folder.rglob("*")):
            told.append(f"{path.relative_to(view.folder)} {path.read_text() if path.is_file() else ''!r}")
        assert {f"{(view.folder / name).stat().st_mode:o}" for name in ("base", "logs", "objects/info")} == {"40700"}
        argv = sandbox.wrap(view, worktree, writable=(tmp_path / "w",), network=network, own=(tmp_path / "o",))
        told += ["", " ".join(argv).replace(" --", "\n--"), ""]
    text = "\n".join(told).replace(str(tmp_path), "{folder}").replace(head, "{head}")
    assert_golden("sandbox.txt", text, request)


def test_a_view_of_a_repository_with_sha256_has_its_format(repo):
    with (repo.path / ".git/config").open("a") as config:
        config.write("[extensions]\n\tobjectFormat = sha256\n")
    view = sandbox.view_of(repo.path / ".git" / "gitorch", "s1", API)
    sandbox.prepare(view, CommitId("1" * 64))
    assert (view.folder / "config").read_text() == (
        "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
    )


def test_the_folders_of_gitorch_are_mounted_where_an_empty_folder_would_hide_them(monkeypatch):
    monkeypatch.setattr(sandbox.sys, "prefix", "/tmp/venv")
    monkeypatch.setattr(sandbox.sys, "base_prefix", "/run/python")
    monkeypatch.setattr(sandbox.gitorch, "__file__", "/tmp/venv/gitorch/__init__.py")
    assert sandbox._installed() == (Path("/tmp/venv"), Path("/run/python"))
    monkeypatch.setattr(sandbox.sys, "base_prefix", "/usr")
    assert sandbox._installed() == (Path("/tmp/venv"),)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 0", ""),
        ("echo one >&2; echo 'no namespaces' >&2; exit 1", "bwrap cannot make a sandbox here: no namespaces"),
        ("exit 7", "bwrap cannot make a sandbox here: exit status 7"),
        (None, "bwrap is not installed"),
    ],
)
def test_why_no_sandbox_can_be_made_is_a_clause(tmp_path, script, reason):
    if script is not None:
        (tmp_path / "bwrap").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bwrap").chmod(0o755)
    assert sandbox.fault({"PATH": str(tmp_path)}) == reason


def test_commits_made_in_a_private_view_are_taken_and_its_branch_follows(repo):
    head = CommitId(repo.git("rev-parse", "HEAD"))
    repo.git("branch", API)
    view = sandbox.view_of(repo.path / ".git" / "gitorch", "s1", API)
    sandbox.prepare(view, head)
    git = GitRunner(repo.path, repo.environ, SystemClock())
    assert import_commits(view, git) is None

    inside = repo.git("--git-dir", str(view.folder), "commit-tree", f"{head}^{{tree}}", "-p", head, "-m", "inside")
    view.branch_file.write_text(f"{inside}\n")
    assert import_commits(view, git) == inside
    assert repo.git("rev-parse", API) == inside
    assert repo.git("for-each-ref", "refs/gitorch/import") == ""
    assert import_commits(view, git) is None

    view.branch_file.write_text(f"{head}\n")  # the agent took its commit back
    assert import_commits(view, git) == head
    assert repo.git("rev-parse", API) == head
    assert import_commits(sandbox.view_of(repo.path / ".git" / "gitorch", "s1", ""), git) is None
