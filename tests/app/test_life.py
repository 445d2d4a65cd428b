"""A run on real git beside clocks that jump, pauses at any moment, and what is cleaned up afterwards."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fakes.world import altered
from merge_yard import CALLER, Yard
from play import RUN

from gitorch.app.executing.execute import execute
from gitorch.app.people import decisions
from gitorch.app.reconciler.loop import loop
from gitorch.app.reconciler.tick import tick
from gitorch.model import commands, events
from gitorch.model.ids import Moment
from gitorch.world.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

DAY_MS = 86_400_000
ONE = {"api": {"api.txt": "api\n"}}
TWO = {"api": {"api.txt": "api\n"}, "ui": {"ui.txt": "ui\n"}}


@pytest.fixture
def yard(repo: Callable[[str], Repository]) -> Yard:
    return Yard(repo("some place").path)


class Jumping(SystemClock):
    """A clock that somebody sets back and forth by a day, at every second look."""

    def __init__(self) -> None:
        self.looks = 0

    def now(self) -> Moment:
        self.looks += 1
        return Moment(super().now() + (-DAY_MS, 0, DAY_MS, 0)[self.looks // 2 % 4])


@pytest.mark.slow  # quick: tests/kills/test_simulated.py
def test_a_clock_that_jumps_back_and_forth_changes_nothing_but_the_times(yard):
    yard.clock = yard.terminals.clock = Jumping()
    yard.services = altered(yard.services, clock=yard.clock)
    yard.begin(TWO, {"ui": ("api",)}, test_command="true", silence_seconds=10 * 86_400, lease_seconds=10 * 86_400)
    yard.settle()
    yard.approve()
    assert yard.story() == ["Begin", "Merge api: Api", "Merge ui: Ui"]
    written = list(yard.services.ledger.records())
    assert all(one.record.at <= after.record.at for one, after in pairwise(written))
    assert yard.services.ledger.verify().faults == ()
    assert not yard.events(events.SessionNudged)
    assert not yard.events(events.LeaseEnded)


@pytest.mark.slow
def test_a_run_that_is_paused_when_it_is_approved_merges_when_it_goes_on(yard):
    yard.begin(ONE)
    target = yard.head()
    report = yard.settle().report
    decisions.hold(yard.services, CALLER, yard.run, "pause", "release freeze")
    decisions.approve(yard.services, CALLER, yard.run, report.digest, "typed")
    assert (loop(yard.services, RUN, stay=False).why, yard.head()) == ("waiting", target)
    decisions.hold(yard.services, CALLER, yard.run, "resume")
    assert str(yard.settle().phase) == "completed"


def test_a_run_that_is_canceled_when_it_was_approved_never_merges(yard):
    yard.begin(ONE)
    target = yard.head()
    report = yard.settle().report
    decisions.approve(yard.services, CALLER, yard.run, report.digest, "typed")
    decisions.hold(yard.services, CALLER, yard.run, "cancel", "not today")
    for _ in range(3):
        tick(yard.services, RUN)
    assert (yard.head(), yard.run.merged, str(yard.run.phase)) == (target, None, "canceled")
    assert yard.head("gitorch/play-0001/api"), "the branch is kept"


def cleaned(yard: Yard) -> tuple[set[str], set[str]]:
    (done,) = yard.events(events.CleanupDone)
    return set(done.removed), set(done.kept)


def test_cleanup_keeps_and_names_uncommitted_work_and_removes_the_rest(yard):
    yard.begin(TWO)
    run = yard.settle()
    yard.approve()
    dirty = yard.services.paths.job_worktree(run, "ui")
    (dirty / "notes.txt").write_text("not to be lost\n")
    yard.answer("branches")
    removed, kept = cleaned(yard)
    assert removed == {"worktree api", "branch gitorch/play-0001/api"}
    assert kept - {"branch gitorch/play-0001/ui"} == {
        said := next(one for one in kept if one.startswith("worktree ui: "))
    }
    assert "notes.txt" in said
    assert (dirty / "notes.txt").read_text() == "not to be lost\n"
    assert yard.head("gitorch/play-0001/ui")


@pytest.mark.slow
def test_cleanup_removes_branches_only_when_asked_to(yard):
    yard.begin(ONE)
    run = yard.settle()
    yard.approve()
    yard.answer("worktrees")
    assert cleaned(yard) == ({"worktree api"}, {"branch gitorch/play-0001/api"})
    assert not yard.services.paths.job_worktree(run, "api").exists()


def test_answering_no_to_cleanup_removes_nothing(yard):
    yard.begin(ONE)
    run = yard.settle()
    yard.approve()
    yard.answer("no")
    assert cleaned(yard) == (set(), {"everything"})
    assert yard.services.paths.job_worktree(run, "api").is_dir()


def test_unmerged_work_keeps_its_worktree_and_its_branch(yard):
    yard.begin(TWO)
    run = yard.settle()
    decisions.hold(yard.services, CALLER, yard.run, "cancel", "not today")
    yard.settle()
    yard.answer("branches")
    removed, kept = cleaned(yard)
    said = "1 commit is not in main"
    assert removed == set()
    assert kept == {
        f"{what}: {said}"
        for what in ("worktree api", "worktree ui", "branch gitorch/play-0001/api", "branch gitorch/play-0001/ui")
    }
    assert yard.git("show", "gitorch/play-0001/api:api.txt") == "api"
    assert yard.services.paths.job_worktree(run, "api").is_dir()


def test_work_that_a_person_merged_by_hand_is_removed_with_its_branch(yard):
    yard.begin(TWO)
    yard.settle()
    decisions.hold(yard.services, CALLER, yard.run, "cancel", "not today")
    yard.settle()
    yard.git("merge", "-q", "--no-ff", "-m", "By hand", "gitorch/play-0001/api")
    yard.answer("branches")
    removed, kept = cleaned(yard)
    assert removed == {"worktree api", "branch gitorch/play-0001/api"}
    assert kept == {f"{what}: 1 commit is not in main" for what in ("worktree ui", "branch gitorch/play-0001/ui")}


def test_a_target_that_was_set_back_after_the_merge_keeps_the_branch(yard):
    yard.begin(ONE)
    before = yard.head()
    yard.settle()
    yard.approve()
    yard.git("reset", "-q", "--hard", before)
    yard.answer("branches")
    removed, kept = cleaned(yard)
    assert removed == set()
    assert kept == {f"{what}: 1 commit is not in main" for what in ("worktree api", "branch gitorch/play-0001/api")}


def test_a_stopped_epic_keeps_its_worktree_and_its_branch(yard):
    yard.begin(TWO)
    handing_in = yard._act

    def stopping(key):
        """The agent of ui commits, and never reports."""
        if yard.run.sessions[key.session].job == "ui":
            yard.commit({"half.txt": "half\n"}, cwd=yard.services.paths.job_worktree(yard.run, "ui"))
        else:
            handing_in(key)

    yard._act = stopping
    for _ in range(60):
        yard.tick()
    stuck = commands.Escalate("stuck:ui:1", "silent", "nudged", "nothing", "What now?", ("retry", "stop_epic"), "ui")
    execute(yard.services, RUN, yard.services.host, stuck)
    decisions.answer(yard.services, CALLER, yard.open()[0].id, ["stop_epic"], RUN)
    run = yard.settle()
    assert [b.job for b in run.report.branches] == ["api"]
    yard.approve()
    yard.answer("branches")
    removed, kept = cleaned(yard)
    assert removed == {"worktree api", "branch gitorch/play-0001/api"}
    assert kept == {f"{what}: 1 commit is not in main" for what in ("worktree ui", "branch gitorch/play-0001/ui")}
    assert (yard.services.paths.job_worktree(run, "ui") / "half.txt").exists()
    assert yard.git("show", "gitorch/play-0001/ui:half.txt") == "half"
