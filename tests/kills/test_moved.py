"""A repository that is moved, copied or restored while a run waits: its worktrees, agents and tmux server follow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "app")]
from fakes.world import altered
from merge_yard import Yard
from play import RUN

from gitorch.app.reconciler.tick import tick
from gitorch.app.sessions.places import settle_place
from gitorch.app.start.doctor import examine
from gitorch.model.plans.runtime import Preset
from gitorch.wiring.repository import Repository, socket_name
from gitorch.world import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from repository import Repository as Place

pytestmark = pytest.mark.tmux
TWO = {"api": {"api.txt": "api\n"}, "ui": {"ui.txt": "ui\n"}}
PRESET = Preset("fake", ("sleep", "1000"), first_prompt="argument")


class Moving(Yard):
    """A run whose agents only sleep in a real tmux server."""

    def reopen(self) -> None:
        self.services = altered(Repository(self.path, os.environ), preset=lambda _: PRESET)

    def tick(self) -> bool:
        return tick(self.services, RUN).acted

    def settled(self) -> tuple[str, ...]:
        """What a new process puts right before it ticks."""
        self.reopen()
        return settle_place(self.services)

    def worktree(self, job: str) -> Path:
        return self.services.paths.job_worktree(self.run, job)

    def agents(self) -> set[int]:
        return set(self.services.terminals.pids())


def server(path: Path) -> bool:
    """Whether the tmux server of a repository at this path runs."""
    return tmux(path, "ls") == 0


def tmux(path: Path, verb: str) -> int:
    """The exit status of a call to the tmux server of a repository at this path."""
    socket = f"/tmp/tmux-{os.getuid()}/{socket_name(path / '.git')}"
    return subprocess.run(("tmux", "-S", socket, verb), check=False, capture_output=True).returncode


@pytest.fixture
def yard(tmp_path: Path, repo: Callable[[str], Place]) -> Iterator[Moving]:
    home = tmp_path / "first"
    home.mkdir()
    path = home / "repo"
    repo("place").path.rename(path)
    yard = Moving(path)
    yard.begin(TWO)
    assert yard.settled() == ()
    for _ in range(5):
        yard.tick()
    assert len(yard.agents()) == 2
    (yard.worktree("api") / "half.txt").write_text("half\n")
    yield yard
    for one in (path, home / "moved", tmp_path / "second/repo", tmp_path / "second/moved"):
        tmux(one, "kill-server")
        Path(f"/tmp/tmux-{os.getuid()}/{socket_name(one / '.git')}").unlink(missing_ok=True)
    for pid in processes.marked("GITORCH_RUN", RUN):
        os.kill(pid, 9)


def goes_on(yard: Moving) -> None:
    """The worktrees are where they are expected, whole, and agents work in them again."""
    for job in TWO:
        where = yard.worktree(job)
        assert yard.git("rev-parse", "--abbrev-ref", "HEAD", cwd=where) == f"gitorch/{RUN}/{job}"
    assert (yard.worktree("api") / "half.txt").read_text() == "half\n"
    for _ in range(8):
        yard.tick()
    assert len(yard.agents()) == 2, [str(w.record.event)[:200] for w in yard.services.ledger.records(RUN)][-8:]
    assert server(yard.path)
    for pid in yard.agents():
        assert Path(processes.environment(pid, "GITORCH_")["GITORCH_WORKTREE"]).is_relative_to(yard.path.parent)


def test_a_repository_that_is_moved_goes_on_with_its_work_and_its_old_server_is_ended(yard):
    first, old = yard.agents(), yard.path
    yard.path = old.rename(old.with_name("moved"))
    yard.reopen()
    (check,) = [one for one in examine(yard.services) if one.name == "place"]
    assert check.text.startswith(f"this repository was moved from {old}")
    said = yard.settled()
    assert said[:2] == (
        f"this repository was moved from {old}",
        "ended the tmux server of the old place and its agents (2)",
    )
    assert f"moved it to {yard.worktree('api')}" in said[2]
    assert not server(old)
    assert not any(processes.process(pid) for pid in first)
    assert not old.with_name("repo.worktrees").exists()
    goes_on(yard)
    assert yard.settled() == ()


@pytest.mark.slow
def test_a_repository_that_is_moved_together_with_its_worktrees_goes_on(yard):
    old = yard.path
    yard.path = old.parent.rename(old.parent.with_name("second")) / "repo"
    said = yard.settled()
    assert said[-1] == f"repaired the worktree {yard.worktree('ui')}"
    assert not server(old)
    goes_on(yard)


@pytest.mark.slow
def test_a_copy_leaves_the_original_alone_and_makes_worktrees_of_its_own(yard):
    first, old = yard.agents(), yard.path
    yard.commit({"mine.txt": "x\n"}, cwd=yard.worktree("ui"))
    original = yard.services
    before = yard.git("worktree", "list")
    shutil.copytree(old, old.with_name("moved"), symlinks=True)
    yard.path = old.with_name("moved")
    said = yard.settled()
    assert said[0] == f"this repository is a copy of the one in {old}"
    assert yard.agents() == set()
    for _ in range(8):
        yard.tick()
    assert yard.worktree("ui").is_relative_to(old.with_name("moved.worktrees"))
    assert (yard.worktree("ui") / "mine.txt").exists()
    assert all(processes.process(pid) for pid in first)
    assert set(original.terminals.pids()) == first
    assert yard.git("worktree", "list", cwd=old) == before
    assert yard.git("status", "--porcelain", cwd=original.paths.job_worktree(yard.run, "api")) == "?? half.txt"


def test_a_copy_with_its_worktrees_uses_the_copied_ones(yard):
    first, old = yard.agents(), yard.path
    before = yard.git("worktree", "list")
    shutil.copytree(old.parent, old.parent.with_name("second"), symlinks=True)
    yard.path = old.parent.with_name("second") / "repo"
    said = yard.settled()
    assert said[-1] == f"repaired the worktree {yard.worktree('ui')}"
    goes_on(yard)
    assert all(processes.process(pid) for pid in first)
    assert yard.git("worktree", "list", cwd=old) == before
    original = old.with_name("repo.worktrees") / RUN / "api"
    assert yard.git("rev-parse", "--git-common-dir", cwd=original) == str(old / ".git")


@pytest.mark.slow
def test_a_repository_that_is_restored_elsewhere_after_a_reboot_goes_on_from_its_branches(yard):
    old = yard.path
    yard.commit({"mine.txt": "x\n"}, cwd=yard.worktree("ui"))
    shutil.copytree(old, old.with_name("moved"), symlinks=True)
    tmux(old, "kill-server")
    shutil.rmtree(old)
    shutil.rmtree(old.with_name("repo.worktrees"))
    yard.path = old.with_name("moved")
    said = yard.settled()
    assert said[0] == f"this repository was moved from {old}"
    assert "which is not there any more" in said[-1]
    for _ in range(8):
        yard.tick()
    assert (yard.worktree("ui") / "mine.txt").exists()
    assert len(yard.agents()) == 2


@pytest.mark.slow
def test_a_person_s_worktree_stays_where_it_is(yard, tmp_path):
    yard.git("worktree", "add", "-q", "-b", "mine", str(tmp_path / "mine"))
    yard.path = yard.path.rename(yard.path.with_name("moved"))
    assert not any("/mine" in one for one in yard.settled())
    assert (tmp_path / "mine" / "README.md").exists()
    yard.git("worktree", "repair")
    assert yard.git("rev-parse", "--abbrev-ref", "HEAD", cwd=tmp_path / "mine") == "mine"
