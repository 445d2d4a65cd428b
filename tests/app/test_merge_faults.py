"""What the merge puts to a human when something is in its way, word by word, and what it measures, on a repository in memory."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitorch.errors import Corrupt

sys.path.insert(0, str(Path(__file__).parent))
from desk import RUN, Desk
from fakes.world import FakeChecks, altered

from gitorch.app.reconciler import merging
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.plans.approval import Grade
from gitorch.model.values import replace
from gitorch.model.work.report import Trial
from gitorch.ports.git import MoveResult
from gitorch.rules.views.merge_report import sha256

SHARED = {"api": {"shared.txt": "by api\n", "b.txt": "b\n"}, "ui": {"shared.txt": "by ui\n", "b.txt": "b\n"}}
REPORT = effects.MakeReport("approval")
MERGE = effects.MergeBranches("merge")


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "s")


def with_git(desk, **methods):
    """The repository with a git that answers otherwise in these methods."""
    other = type("Changed", (type(desk.git),), {name: staticmethod(call) for name, call in methods.items()})()
    vars(other).update(vars(desk.git))
    return altered(desk.services, git=other)


# Bases


def test_a_base_is_the_dependencies_merged_at_the_time_of_the_newest_handoff(desk):
    desk.begin({"api": (), "ui": ()}).finish("api", "ui")
    ours, theirs = (desk.run.jobs[name].cleared for name in ("api", "ui"))
    (made,) = merging.build_base(desk.services, desk.run, effects.BuildBase("page", (ours, theirs)))
    assert (made.job, made.parents) == ("page", (ours, theirs))
    merged = desk.git.commits[made.commit]
    newest = max(job.handoff.at for job in desk.run.jobs.values() if job.handoff)
    assert (merged.parents, merged.message) == (
        (ours, theirs),
        f"Merge the dependencies of page@{newest // 1000}",
    )
    assert desk.git.files(made.commit) == {"README.md": "one\n", "api.txt": "api\n", "ui.txt": "ui\n"}


def test_a_dependency_that_another_contains_needs_no_merge(desk):
    desk.begin({"api": (), "ui": ("api",)}).finish("api", "ui")
    api, ui = (desk.run.jobs[name].cleared for name in ("api", "ui"))
    (made,) = merging.build_base(desk.services, desk.run, effects.BuildBase("page", (ui, api)))
    assert made == c.RecordBase("page", ui, (ui, api))


def test_dependencies_that_do_not_merge_are_put_to_a_human(desk):
    files = {"api": {"a.txt": "1\n", "z.txt": "1\n"}, "ui": {"a.txt": "2\n", "z.txt": "2\n"}}
    desk.begin({"api": (), "ui": ()}).finish("api", "ui", files=files)
    ours, theirs = (desk.run.jobs[name].cleared for name in ("api", "ui"))
    assert merging.build_base(desk.services, desk.run, effects.BuildBase("page", (ours, theirs))) == (
        c.Escalate(
            trigger=f"base:page:{ours[:12]}:{theirs[:12]}",
            happened="The dependencies of page do not merge: a.txt, z.txt.",
            tried=f"{ours[:12]} and {theirs[:12]} were merged in memory.",
            evidence="a.txt\nz.txt",
            decision="Mend one of the branches and retry, stop page, or stop the run?",
            options=("retry", "stop_epic", "stop_run"),
            job="page",
        ),
    )


# The report


def test_the_report_measures_each_branch_its_neighbours_and_the_merged_tree(desk):
    desk.reported("api", "ui", files=SHARED)
    report, api, ui = desk.run.report, *desk.run.report.branches
    assert (report.target, report.target_commit, report.checkpoint) == ("main", desk.begun, "approval")
    assert (report.merged_commit, report.merged_tree) == (None, "")
    assert report.conflicts == ("ui conflicts in shared.txt",)
    assert report.combined is None
    for branch in (api, ui):
        assert branch.branch == f"gitorch/{RUN}/{branch.job}"
        assert branch.commit == desk.run.jobs[branch.job].cleared
        assert (branch.commits, branch.files, branch.added, branch.removed) == (1, 2, 2, 0)
        assert (branch.paths, branch.against_target, branch.outdated) == (("b.txt", "shared.txt"), (), ())
    (issued,) = merging.make_report(desk.services, desk.run, REPORT)
    assert issued.facts.shared_paths == ("b.txt", "shared.txt")
    assert issued.facts.trials == (Trial(("api", "ui"), ("b.txt", "shared.txt"), ("shared.txt",)),)
    assert (issued.facts.changed_settings, issued.facts.outside) == ((), ())
    assert issued.digest == sha256(issued.text) == report.digest


def test_branches_that_share_no_file_or_contain_each_other_need_no_trial(desk):
    desk.reported("api", "ui", needs={"api": (), "ui": ("api",)})
    (issued,) = merging.make_report(desk.services, desk.run, REPORT)
    assert (issued.facts.trials, issued.facts.shared_paths) == ((), ())
    assert issued.facts.merged_tree == desk.git.commits[issued.facts.merged_commit].tree
    assert [b.outdated for b in issued.facts.branches] == [(), ()]


def test_a_branch_that_lacks_the_newest_state_of_what_it_is_built_on_is_outdated(desk):
    desk.reported("api", "ui", needs={"api": (), "ui": ("api",)})
    api = desk.run.jobs["api"]
    later = desk.git.write("elsewhere", {"late.txt": "x\n"}, start=api.cleared)
    run = replace(desk.run, jobs={**desk.run.jobs, "api": replace(api, cleared=later)})
    (issued,) = merging.make_report(desk.services, run, REPORT)
    assert [branch.outdated for branch in issued.facts.branches] == [(), ("api",)]


def test_a_target_that_has_everything_already_leaves_nothing_to_merge(desk):
    desk.reported("api")
    desk.git.tips["main"] = desk.run.jobs["api"].cleared
    (issued,) = merging.make_report(desk.services, desk.run, REPORT)
    assert (issued.facts.merged_commit, issued.facts.merged_tree, issued.facts.conflicts) == (None, "", ())


def test_a_target_that_is_missing_is_put_to_a_human(desk):
    desk.reported("api")
    del desk.git.tips["main"]
    assert merging.make_report(desk.services, desk.run, REPORT) == (
        c.Escalate(
            trigger="target:main",
            happened="The merge target main does not exist any more.",
            tried="gitorch never creates it.",
            evidence=f"it was at {desk.begun} when the run was prepared",
            decision="Bring main back and retry, or stop the run?",
            options=("retry", "stop_run"),
            job="approval",
        ),
    )


def test_a_target_behind_its_remote_is_put_to_a_human(desk):
    desk.reported("api", push_remote="origin")
    ahead = desk.git.write("theirs", {"x.txt": "x\n"}, start="main")
    desk.remotes.held["origin"] = {"refs/heads/main": ahead}
    assert merging.make_report(desk.services, desk.run, REPORT) == (
        c.Escalate(
            trigger="behind:origin",
            happened="main lacks commits that origin has, so a merge could not be pushed.",
            tried="It was not changed: gitorch merges into what is there, and never pulls.",
            evidence=f"main is at {desk.begun} here and at {ahead} at origin",
            decision="Bring it up to date (git switch main && git pull --no-rebase --ff origin main) and retry, or stop?",
            options=("retry", "stop_run"),
            job="approval",
        ),
    )


def test_the_merged_tree_is_tested_where_it_was_merged_before_the_report_is_issued(desk):
    desk.reported("api", test_command="make check", test_wait_seconds=77)
    checks = FakeChecks(patient=True)
    services = altered(desk.services, checks=checks)
    assert merging.make_report(services, desk.run, REPORT) == ()
    ((commit, command),) = checks.running
    assert (command, checks.running[commit, command]) == ("make check", 77)
    assert checks.places[commit, command] == desk.services.paths.check_worktree(desk.run, commit)
    assert merging.make_report(services, desk.run, REPORT) == ()
    assert len(checks.starts) == 1
    checks.finish(commit, command)
    (issued,) = merging.make_report(services, desk.run, REPORT)
    combined = issued.facts.combined
    assert (issued.facts.merged_commit, combined.commit, combined.outcome) == (commit, commit, "passed")


def test_an_epics_report_is_of_its_newest_commit_and_empty_before_the_first(desk):
    desk.begin({"api": (), "ui": ()}).tick(3)
    assert merging.make_epic_report(desk.services, desk.run, effects.MakeEpicReport("api")) == ()
    desk.finish("api")
    del desk.git.tips["main"]
    (made,) = merging.make_epic_report(desk.services, desk.run, effects.MakeEpicReport("api"))
    assert (made.job, made.commit) == ("api", desk.run.jobs["api"].cleared)
    assert made.commit[:12] in made.text


# The merge


def merge(desk, services=None):
    return merging.merge_branches(services or desk.services, desk.run, MERGE)


def test_nothing_is_merged_without_an_approval_or_without_a_commit_to_merge(desk):
    desk.reported("api")
    assert merge(desk) == ()
    assert desk.git.tips["main"] == desk.begun


def test_an_approved_merge_moves_the_target_and_is_recorded_once(desk):
    report = desk.reported("api").approve().run.report
    done = c.RecordMerge(desk.begun, report.merged_commit, report.merged_tree)
    assert merge(desk) == merge(desk) == (done,)
    assert desk.git.tips["main"] == report.merged_commit


@pytest.mark.parametrize("further", [False, True])
def test_a_target_that_moved_voids_the_approval_unless_the_merge_is_part_of_it(desk, further):
    report = desk.reported("api").approve().run.report
    start = report.merged_commit if further else desk.begun
    moved = desk.git.write("theirs", {"x.txt": "x\n"}, start=start)
    desk.git.tips["main"] = moved
    if further:
        assert merge(desk) == (c.RecordMerge(desk.begun, report.merged_commit, report.merged_tree),)
    else:
        assert merge(desk) == (c.VoidReport(f"main moved to {moved[:12]}"),)
    assert desk.git.tips["main"] == moved


def test_a_target_that_was_removed_voids_the_approval(desk):
    desk.reported("api").approve()
    del desk.git.tips["main"]
    assert merge(desk) == (c.VoidReport("main does not exist any more"),)
    assert "main" not in desk.git.tips


def test_a_remote_that_moved_on_voids_the_approval(desk):
    desk.reported("api", push_remote="origin").approve()
    ahead = desk.git.write("theirs", {"x.txt": "x\n"}, start="main")
    desk.remotes.held["origin"] = {"refs/heads/main": ahead}
    assert merge(desk) == (c.VoidReport(f"origin has main at {ahead[:12]} by now"),)


@pytest.mark.parametrize(
    ("command", "clear"), [("", "Clear what refuses it"), ("git merge --abort", "Clear that (git merge --abort)")]
)
def test_a_target_that_cannot_be_moved_is_put_to_a_human_in_the_words_of_what_refused(desk, command, clear):
    desk.reported("api").approve()
    refused = MoveResult(moved=False, refused="no merges on Friday\nsays ops", command=command)
    assert merge(desk, with_git(desk, move=lambda *_: refused)) == (
        c.Escalate(
            trigger="move:main",
            happened="main could not be moved to the approved commit: no merges on Friday",
            tried=f"git was asked to move it from {desk.begun[:12]}; nothing was changed.",
            evidence="no merges on Friday\nsays ops",
            decision=f"{clear} and retry with the same approval, or stop the run?",
            options=("retry", "stop_run"),
            job="merge",
        ),
    )


def test_an_approval_that_lost_its_signature_merges_nothing_and_is_corrupt(desk):
    desk.reported("api").approve()
    run = desk.run
    strict = replace(run, settings=replace(run.settings, approval_at_least=Grade.SIGNED))
    real = desk.ledger.verified
    ledger = type("Strict", (type(desk.ledger),), {"verified": lambda _, name: _with_run(real(name), strict)})()
    vars(ledger).update(vars(desk.ledger))
    with pytest.raises(Corrupt, match="is not signed by a key that run") as caught:
        merge(desk, altered(desk.services, ledger=ledger))
    assert caught.value.hint.startswith("gitorch recover")
    assert desk.git.tips["main"] == desk.begun


def _with_run(verified, run):
    return replace(verified, state=replace(verified.state, run=run))


def test_a_run_without_handoffs_dates_its_merges_by_its_preparation(desk):
    desk.begin({"api": ()})
    asked = []
    services = with_git(
        desk,
        contains=lambda *_: False,
        try_merge=lambda *_: type(desk.git).try_merge(desk.git, desk.begun, desk.begun),
        commit_merge=lambda _tree, parents, message, at: asked.append((parents, message, at)) or desk.begun,
    )
    merging.build_base(services, desk.run, effects.BuildBase("page", (desk.begun, desk.begun)))
    assert asked == [((desk.begun, desk.begun), "Merge the dependencies of page", desk.run.prepared_at)]
