"""Refs of commits at the remote go once the run is merged and cleaned up there, and only where the target has the commit."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import RUN, Desk
from fakes.ledger import FakeLedger

from gitorch.app.hosts.pruning import prune_commits
from gitorch.errors import Unavailable
from gitorch.model import events as e
from gitorch.model.ids import Moment
from gitorch.model.named_commits import COMMIT_REFS, named_commits
from gitorch.ports.commits import LastContact

MAIN = "refs/heads/main"


class SharedFake(FakeLedger):
    is_shared = True

    def last_contact(self):
        return LastContact("origin", self.tip(), Moment(0))


@pytest.fixture
def desk(tmp_path):
    """A merged run of two epics, whose named commits have refs at the remote, as pushes leave them."""
    made = Desk(tmp_path / "s", ledger=SharedFake())
    made.services.programs.printed["scripted"] = "1.0"
    made.remotes.held["origin"] = {MAIN: made.begun}
    made.reported("api", "ui").approve().settle()
    for commit in named(made):
        made.remotes.held["origin"][f"{COMMIT_REFS}{commit}"] = commit
    return made


def named(desk):
    found = {one for written in desk.ledger.records(RUN) for one in named_commits(written.record.event)}
    return {one for one in found if one in desk.git.commits}


def left(desk):
    return {ref.removeprefix(COMMIT_REFS) for ref in desk.remotes.held["origin"] if ref.startswith(COMMIT_REFS)}


def test_commits_of_the_target_lose_their_refs_and_all_others_keep_them(desk):
    stray = desk.git.write("stray", {"late.txt": "late\n"})
    desk.remotes.held["origin"][f"{COMMIT_REFS}{stray}"] = stray
    before = named(desk)
    head = desk.remotes.held["origin"][MAIN]
    assert desk.run.merged.new == head
    in_target = {one for one in before if desk.git.contains(one, head)}
    assert in_target
    assert prune_commits(desk.services, desk.run) == ""
    assert left(desk) == (before - in_target) | {stray}
    assert desk.remotes.held["origin"][MAIN] == head
    assert prune_commits(desk.services, desk.run) == "", "nothing is left to do"


def test_nothing_goes_before_the_merge_is_in_the_target_of_the_remote(desk):
    before = left(desk)
    desk.remotes.held["origin"][MAIN] = desk.begun
    assert prune_commits(desk.services, desk.run) == ""
    del desk.remotes.held["origin"][MAIN]
    assert prune_commits(desk.services, desk.run) == ""
    assert left(desk) == before


def test_a_ref_that_somebody_moved_is_left_alone(desk):
    moved = next(one for one in sorted(left(desk)) if one != desk.begun)
    desk.remotes.held["origin"][f"{COMMIT_REFS}{moved}"] = desk.begun
    assert prune_commits(desk.services, desk.run) == ""
    assert moved in left(desk)


def test_a_remote_that_keeps_its_refs_is_named_by_the_cleanup_and_a_silent_one_is_asked_again(desk):
    desk.remotes.hooks["origin"] = "deletion prohibited"
    number = len(left(desk))
    desk.answer("worktrees")
    desk.settle()
    (cleaned,) = desk.events(e.CleanupDone)
    assert f"{number} refs of merged commits at origin: deletion prohibited" in cleaned.kept
    desk.remotes.silent.add("origin")
    with pytest.raises(Unavailable):
        prune_commits(desk.services, desk.run)


def test_the_cleanup_of_a_run_removes_them(desk):
    desk.answer("worktrees")
    desk.settle()
    assert len(desk.events(e.CleanupDone)) == 1
    head = desk.remotes.held["origin"][MAIN]
    assert not any(desk.git.contains(commit, head) for commit in left(desk))


def test_a_ledger_of_this_clone_alone_has_no_refs_to_remove(desk):
    desk.ledger.last_contact = lambda: None
    before = left(desk)
    assert prune_commits(desk.services, desk.run) == ""
    assert left(desk) == before
