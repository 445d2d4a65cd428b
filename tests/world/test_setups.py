"""Worktrees that are made ready: files copied and linked, a command run, ports and a name of their own."""

from __future__ import annotations

import json
import socket

import pytest
from world.terminal_lab import wait_for

from gitorch.model.ids import CommitId
from gitorch.model.observed import CheckPhase, SetupPhase
from gitorch.model.plans.preparation import Preparation
from gitorch.world import processes
from gitorch.world.checks import ProjectChecks
from gitorch.world.clock import SystemClock
from gitorch.world.files import read_json
from gitorch.world.git.exclusions import exclude_links
from gitorch.world.git.ignored import ignored_files
from gitorch.world.git.runner import GitRunner
from gitorch.world.git.worktrees import GitWorktrees
from gitorch.world.port_ranges import unique_name, worktree_variables
from gitorch.world.preparing import copy_files, link_files
from gitorch.world.setups import WorktreeSetups


class Site:
    """A repository with ignored files, and a worktree of it."""

    def __init__(self, repo, folder):
        self.repo, self.root, self.clock = repo, repo.path, SystemClock()
        repo.commit({".gitignore": ".env\ndata/\n*.local\n", "config/a.txt": "a\n"})
        repo.write(".env", "KEY=1\n")
        repo.write("data/big.bin", "big\n")
        repo.write("config/db.local", "db\n")
        repo.write("notes.txt", "untracked, and not ignored\n")
        self.home = repo.path / ".git/gitorch"
        self.commit = CommitId(repo.git("rev-parse", "HEAD"))
        self.tree = folder / "trees/auth-7f3a/api"
        self.worktrees = GitWorktrees(repo.path, repo.environ, self.clock)
        self.worktrees.ensure(self.tree, self.commit, None)
        self.setups = self.another()

    def another(self):
        return WorktreeSetups(self.home, self.root, self.repo.environ, self.clock, self.ignored, self.exclude)

    def ignored(self, patterns):
        git = GitRunner(self.root, self.repo.environ, self.clock)
        return ignored_files(git.at(self.root), patterns)

    def exclude(self, links):
        exclude_links(GitRunner(self.root, self.repo.environ, self.clock).at(self.root), links)

    def set_up(self, *words, **parts):
        preparation = Preparation(*words, **parts)
        self.setups.start(self.tree, preparation)
        return self.seen(preparation)

    def seen(self, preparation):
        return wait_for(
            lambda: (one := self.setups.observe(self.tree, preparation)).phase is not SetupPhase.RUNNING and one
        )


@pytest.fixture
def site(repo, tmp_path):
    site = Site(repo, tmp_path)
    yield site
    site.setups.clear(site.tree.parent)


def test_files_are_copied_linked_and_the_command_runs_in_the_worktree(site):
    command = "pwd; cat .env config/db.local data/big.bin; touch made; env"
    assert site.set_up(command, copies=(".env", "*.local"), links=("data",)).phase is SetupPhase.DONE
    assert (site.tree / ".env").read_text() == "KEY=1\n"
    assert not (site.tree / ".env").is_symlink()
    assert (site.tree / "data").readlink() == site.root / "data"
    assert (site.tree / "made").exists()
    assert not (site.tree / "notes.txt").exists(), "only ignored files are copied"


@pytest.mark.each(3)
@pytest.mark.parametrize("pattern", ["{}/", "{}", "/{}/", "{}/*\n{}/"])
@pytest.mark.parametrize("name", ["modules", "a [b]*", "größe", "deep/modules"])
def test_a_link_to_an_ignored_folder_is_no_change_of_the_worktree(site, name, pattern):
    escaped = name.replace("[", "\\[").replace("*", "\\*")
    site.repo.commit({".gitignore": pattern.replace("{}", escaped) + "\n", "deep/kept": ""})
    site.worktrees.ensure(site.tree, CommitId(site.repo.git("rev-parse", "HEAD")), None)
    site.repo.write(f"{name}/one.js", "")

    assert site.set_up(links=(name,)).phase is SetupPhase.DONE

    assert (site.tree / name).readlink() == site.root / name
    assert site.repo.git("-C", str(site.tree), "status", "--porcelain") == ""
    site.repo.write(f"{name.replace('[b]', 'b')}x/two.js", "")
    assert "two.js" in site.repo.git("status", "--porcelain", "-uall"), "only the link is excluded"


def test_a_link_to_a_path_that_git_does_not_ignore_is_seen(site):
    assert site.set_up(links=("notes.txt", "absent")).phase is SetupPhase.DONE
    assert site.repo.git("-C", str(site.tree), "status", "--porcelain") == "?? notes.txt"


def test_a_failure_has_its_status_and_its_last_lines_until_it_is_forgotten(site):
    broken = Preparation("echo no such module; exit 7")
    seen = site.set_up("echo no such module; exit 7")
    assert (seen.phase, seen.exit_status, seen.tail) == (SetupPhase.FAILED, 7, "no such module")
    assert site.setups.log(site.tree) == b"no such module\n"
    site.setups.start(site.tree, broken)
    assert site.setups.observe(site.tree, broken).phase is SetupPhase.FAILED
    site.setups.forget(site.tree)
    assert site.seen(broken).phase is SetupPhase.ABSENT
    assert site.setups.log(site.tree) == b""


def test_the_time_limit_ends_a_set_up(site):
    seen = site.set_up("sleep 600", wait_seconds=1)
    assert (seen.phase, seen.exit_status) == (SetupPhase.FAILED, None)


def test_a_worktree_stays_set_up_for_the_next_gitorch_and_is_not_set_up_twice(site):
    once = Preparation("echo x >> count")
    site.set_up("echo x >> count")
    other = site.another()
    assert other.observe(site.tree, once).phase is SetupPhase.DONE
    other.start(site.tree, once)
    assert (site.tree / "count").read_text() == "x\n"


def test_another_worktree_in_its_place_or_another_command_is_set_up_anew(site):
    first = Preparation("true")
    site.set_up("true")
    assert site.seen(Preparation("false")).phase is SetupPhase.ABSENT
    site.worktrees.remove(site.tree, force=True)
    assert site.setups.observe(site.tree, first).phase is SetupPhase.ABSENT
    site.worktrees.ensure(site.tree, site.commit, None)
    assert site.setups.observe(site.tree, first).phase is SetupPhase.ABSENT


def test_what_is_cleared_leaves_nothing(site):
    site.set_up("true")
    site.setups.clear(site.tree.parent)
    assert not (site.home / "setups").exists()


def test_a_tested_checkout_is_set_up_in_the_same_way(site, tmp_path):
    checks = ProjectChecks(site.home, site.worktrees, site.repo.environ, site.clock, site.root, site.ignored)
    place = tmp_path / f"trees/auth-7f3a/check-{site.commit[:12]}"

    def tested(command, preparation):
        checks.start(site.commit, command, 60, place, preparation)
        return wait_for(
            lambda: (one := checks.observe(site.commit, command)).phase is CheckPhase.FINISHED and one.check
        )

    given = Preparation("cp .env copied", copies=(".env",), links=("data",))
    check = tested("cat copied data/big.bin", given)
    assert (check.outcome, check.tail) == ("passed", "KEY=1\nbig")
    check = tested("touch ran", Preparation("echo broken; exit 3"))
    assert (check.outcome, check.exit_status, check.tail) == ("not-set-up", 3, "broken")
    checks.forget(site.commit, "touch ran")
    wait_for(lambda: checks.observe(site.commit, "touch ran").phase is CheckPhase.ABSENT)


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_run_of_another_command_in_the_same_checkout_is_ended(site, tmp_path, monkeypatch, has_begun):
    checks = ProjectChecks(site.home, site.worktrees, site.repo.environ, site.clock)
    place = tmp_path / f"trees/auth-7f3a/check-{site.commit[:12]}"
    checks.start(site.commit, "sleep 600", 600, place)
    runner = read_json(next((site.home / "checks").glob("*/runner.json")))
    if not has_begun:  # what the system shows while a program is being loaded
        monkeypatch.setattr(processes, "command", lambda _: "")
        monkeypatch.setattr(processes, "marked", lambda *_: set())
    checks.start(site.commit, "echo quick", 60, place)
    assert not processes.alive(runner["pid"], runner["started"])
    wait_for(lambda: checks.observe(site.commit, "echo quick").phase is CheckPhase.FINISHED)
    assert checks.observe(site.commit, "sleep 600").phase is CheckPhase.ABSENT
    checks.clear(place.parent)


def test_only_ignored_files_that_match_are_found(site):
    assert site.ignored(("*",)) == (".env", "config/db.local", "data/big.bin")
    assert site.ignored(("/data/", "!nothing")) == ("data/big.bin",)
    assert site.ignored(("README.md", "notes.txt")) == ()
    assert site.ignored(()) == ()


def test_nothing_is_overwritten_and_no_link_leads_out(tmp_path):
    root, tree, outside = tmp_path / "root", tmp_path / "tree", tmp_path / "outside"
    for folder in (root / "config", tree, outside):
        folder.mkdir(parents=True)
    (root / "config/a").write_text("new")
    (root / "b").write_text("new")
    (tree / "b").write_text("old")
    (tree / "config").symlink_to(outside)
    copy_files(root, tree, ["b"])
    assert (tree / "b").read_text() == "old"
    for path in ("config/a", "../b", str(root / "b")):
        with pytest.raises(OSError, match="leads out of the worktree"):
            copy_files(root, tree, [path])
    with pytest.raises(OSError, match="leads out of the worktree"):
        link_files(root, tree, ["config/a"])
    assert list(outside.iterdir()) == []
    link_files(root, tree, ["missing"])
    assert not (tree / "missing").is_symlink()


def test_a_link_is_copied_as_a_link(tmp_path):
    root, tree = tmp_path / "root", tmp_path / "tree"
    root.mkdir()
    tree.mkdir()
    (root / "link").symlink_to("somewhere")
    copy_files(root, tree, ["link"])
    assert str((tree / "link").readlink()) == "somewhere"


def test_every_worktree_has_ports_and_a_name_of_its_own_for_as_long_as_it_exists(tmp_path):
    trees = [tmp_path / f"Auth 7f3a/{name}" for name in ("api", "API", "web", "a" * 90)]
    for tree in trees:
        tree.mkdir(parents=True)
    found = [worktree_variables(tmp_path / "home", tree) for tree in trees]
    assert len({one["GITORCH_PORT"] for one in found}) == len({one["GITORCH_NAME"] for one in found}) == len(trees)
    assert [worktree_variables(tmp_path / "home", tree) for tree in trees] == found
    for one in found:
        first, last = map(int, one["GITORCH_PORTS"].split("-"))
        assert (first, last - first) == (int(one["GITORCH_PORT"]), 9)
        assert 20_000 <= first <= last < 32_768
        assert one["GITORCH_NAME"].islower()
        assert len(one["GITORCH_NAME"]) <= 63
    assert unique_name(trees[0]).startswith("auth-7f3a-api-")


def test_ports_in_use_and_broken_files_are_passed_over(tmp_path):
    tree = tmp_path / "run/api"
    tree.mkdir(parents=True)
    first = int(worktree_variables(tmp_path / "home", tree)["GITORCH_PORT"])
    (tmp_path / "home/ports.json").write_text(json.dumps({"gone": 3, str(tree): "x"}))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", first + 4))
        assert int(worktree_variables(tmp_path / "home", tree)["GITORCH_PORT"]) == first + 10
