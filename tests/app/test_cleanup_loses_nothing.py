"""A cleanup loses no commit and no file, whatever state a job is in, however its run ended, and wherever the target is by then."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import CALLER, RUN, Desk
from fakes.git import differences
from play import workflow

from gitorch.app.people import decisions
from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.ids import JobId
from gitorch.model.plans.workflow import JobKind, JobSpec
from gitorch.model.values import replace

UI = f"gitorch/{RUN}/ui"
STUCK = c.Escalate("stuck:ui:1", "silent", "nudged", "nothing", "What now?", ("stop_epic", "stop_run"), "ui")


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s")


# What the agent of `ui` has done when its run ends; `api` is always handed in and accepted.


def nothing(_desk, _worktree):
    """Begun, and nothing written."""


def committed(desk, worktree):
    desk.git.commit_in(worktree, {"ui.txt": "half\n"})


def edited(desk, worktree):
    desk.git.checkouts[worktree].files["notes.txt"] = "x\n"


def detached(desk, worktree):
    desk.git.checkouts[worktree].branch = None
    committed(desk, worktree)


def both(desk, worktree):
    committed(desk, worktree)
    edited(desk, worktree)


STATES = (nothing, committed, edited, detached, both)


# How the run ends.


def canceled(desk):
    desk.do(c.CancelRun("enough"), CALLER.actor)
    desk.settle()


def failed(desk):
    desk.do(STUCK)
    desk.answer("stop_run").settle()


def completed(desk):
    desk.do(STUCK)
    desk.answer("stop_epic").settle()
    desk.approve().settle()
    assert desk.run.merged is not None


def rejected(desk):
    desk.do(STUCK)
    desk.answer("stop_epic").settle()
    decisions.reject(desk.services, CALLER, desk.run, (), "No.")
    desk.settle()


ENDS = (canceled, failed, completed, rejected)


# What people do to the target before they clean up.


def leave(_desk):
    """Nothing."""


def merge_all(desk):
    for branch in desk.services.worktrees.work_branches(RUN):
        main, tip = desk.git.tips["main"], desk.git.tips[branch]
        tried = desk.git.try_merge(main, tip)
        desk.git.tips["main"] = desk.git.commit_merge(tried.tree, (main, tip), f"Merge {branch}", 0)


def set_back(desk):
    desk.git.tips["main"] = desk.begun


def remove(desk):
    del desk.git.tips["main"]


def rename(desk):
    desk.git.tips["trunk"] = desk.git.tips.pop("main")


TARGETS = (leave, merge_all, set_back, remove, rename)


def reachable(git):
    """Every commit that a branch or a worktree has."""
    heads = {*git.tips.values(), *(one.commit for one in git.checkouts.values())}
    return {commit for head in heads for commit in git._history(head)}


def uncommitted(git):
    """The files of every worktree that no commit has."""
    return {path: differences(git.files(one.commit), one.files) for path, one in git.checkouts.items()}


def only_edited(git):
    return {path: names for path, names in uncommitted(git).items() if names}


def cleaned(desk, answer):
    desk.answer(answer).settle()
    (done,) = desk.events(events.CleanupDone)
    return set(done.removed), set(done.kept)


@pytest.mark.each(3)
@pytest.mark.parametrize("answer", ["branches", "worktrees"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("state", STATES)
def test_a_cleanup_removes_only_what_the_target_has(desk, state, end, target, answer):
    desk.begin({"api": (), "ui": ()}).finish("api")
    state(desk, desk.services.paths.job_worktree(desk.run, "ui"))
    end(desk)
    target(desk)
    git, tips = desk.git, dict(desk.git.tips)
    commits, files = reachable(git), only_edited(git)
    main = git.tips.get("main")
    merged = {one for one in (main, git.tips.get("trunk") if desk.run.merged else None) if one}

    removed, kept = cleaned(desk, answer)

    assert (commits - reachable(git), only_edited(git)) == (set(), files)
    for job in ("api", "ui"):
        branch, worktree = f"gitorch/{RUN}/{job}", desk.services.paths.job_worktree(desk.run, job)
        is_merged = any(git.contains(tips[branch], one) for one in merged)
        is_held = worktree in files or (job == "ui" and state is detached)
        assert (worktree in git.checkouts) is (not is_merged or is_held)
        assert (branch in git.tips) is (not is_merged or is_held or answer == "worktrees")
        assert (f"branch {branch}" in removed) is (branch not in git.tips)
        if not is_merged:
            (why,) = {
                one.partition(": ")[2] for one in kept if one.startswith((f"branch {branch}", f"worktree {job}:"))
            }
            assert ("not in main" in why) if merged else why.startswith("there is no branch main")


@pytest.mark.parametrize("again", [False, True])
def test_work_that_is_handed_in_after_the_merge_stays_with_the_reason(desk, again):
    flow = workflow({"api": ()})
    notes = JobSpec(JobId("notes"), "Notes", JobKind.BUILD, "implementer", (JobId("merge"),))
    desk.begin(flow=replace(flow, jobs={**flow.jobs, notes.id: notes})).finish("api")
    desk.settle()
    desk.approve().tick(4)
    desk.submit("notes", {"notes.txt": "notes\n"})
    if again:
        desk.tick(2)
        desk.git.commit_in(desk.services.paths.job_worktree(desk.run, "notes"), {"notes.txt": "more\n"})
    desk.settle()
    assert str(desk.run.phase) == "completed"
    assert desk.run.jobs["notes"].cleared, "the ledger knows it as one of the jobs that a merge would have"
    branch = f"gitorch/{RUN}/notes"
    tip = desk.git.tips[branch]

    removed, kept = cleaned(desk, "branches")

    assert removed == {"worktree api", f"branch gitorch/{RUN}/api"}
    said = "2 commits are not in main" if again else "1 commit is not in main"
    assert kept == {f"worktree notes: {said}", f"branch {branch}: {said}"}
    assert desk.git.tips[branch] == tip


def test_a_commit_after_the_approved_one_keeps_the_branch(desk):
    desk.reported("api").approve().settle()
    desk.git.commit_in(desk.services.paths.job_worktree(desk.run, "api"), {"late.txt": "late\n"})
    said = "1 commit is not in main"
    assert cleaned(desk, "branches") == (set(), {f"worktree api: {said}", f"branch gitorch/{RUN}/api: {said}"})


def test_a_branch_that_moves_while_it_is_removed_stays(desk):
    desk.reported("api").approve().settle()
    branch, remove = f"gitorch/{RUN}/api", desk.services.worktrees.remove

    def remove_late(path, force=False):
        done = remove(path, force)
        if path.name == "api":
            desk.git.write(branch, {"late.txt": "late\n"})
        return done

    desk.services.worktrees.remove = remove_late
    removed, kept = cleaned(desk, "branches")
    assert removed == {"worktree api"}
    assert kept == {f"branch {branch}: branch {branch} moved to {desk.git.tips[branch][:12]}"}
