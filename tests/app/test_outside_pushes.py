"""Remote-tracking branches outside the work branches: a commit that gitorch pushed is no change, any other one is (K8)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import CALLER, RUN, Yard
from play import HUMAN, digest, workflow
from proposal_yard import another_clone, opened, propose, waiting

from gitorch.app.executing.execute import execute
from gitorch.app.people import decisions
from gitorch.app.query.outside import outside_changes
from gitorch.app.query.syncing import sync
from gitorch.app.query.target import target_head
from gitorch.app.reconciler.merging import merge_branches
from gitorch.app.start.snapshot import SNAPSHOT_FILE, take_snapshot
from gitorch.errors import Refused
from gitorch.model import commands, effects
from gitorch.model.events import MergeApprovedAtForge, ReportVoided, RunConfirmed
from gitorch.model.ids import Digest, JobId, RunId
from gitorch.model.plans.forge import PushAs
from gitorch.model.plans.workflow import Settings
from gitorch.model.values import replace
from gitorch.rules.views.merge_report import sha256

if TYPE_CHECKING:
    from forge import Forge

API, MERGE, WEB = f"{RUN}/api", f"{RUN}/merge", f"{RUN}/web"
PROPOSAL = f"proposals/{RUN}"
OTHER = RunId("other-0002")
TRACKING = "refs/remotes/origin/gitorch"


def begin_other(yard: Yard, push_remote: str = "") -> None:
    """A second run that has only recorded its start."""
    target = yard.services.git.resolve("main")
    prepare = commands.PrepareRun(OTHER, "Other", "other.md", digest("other"), "main", target, workflow({"ui": ()}))
    snapshot = take_snapshot(yard.services)
    settings = replace(Settings(), push_remote=push_remote)
    confirm = commands.ConfirmRun(settings, "unattended", repository=Digest(sha256(snapshot)))
    execute(yard.services, OTHER, HUMAN, (prepare, confirm), {RunConfirmed: {SNAPSHOT_FILE: snapshot.encode()}})


def tracked(yard: Yard) -> dict[str, str]:
    """The remote-tracking branches of gitorch, each without what they have in common, with its commit."""
    listed = yard.git("for-each-ref", "--format=%(refname) %(objectname)", TRACKING)
    return dict(line.removeprefix(f"{TRACKING}/").split(" ") for line in listed.splitlines())


def outside(yard: Yard, run: RunId = RUN) -> dict[str, str]:
    """The changes outside the work branches of a run, each with its value now."""
    yard.reopen()
    found = yard.services.ledger.state(run).run
    assert found is not None
    return {change.name: change.after for change in outside_changes(yard.services, found)}


def one_more_record(yard: Yard) -> None:
    execute(yard.services, RUN, HUMAN, commands.RecordRefusal("merge", "refused", "for no reason"))


# Each of these lets gitorch push, and gives the clone whose remote-tracking branches moved.


def proposed(path: Path, forge: Forge) -> Yard:
    yard = waiting(path, forge)
    propose(yard)
    return yard


def proposed_and_synced(path: Path, forge: Forge) -> Yard:
    yard = proposed(path, forge)
    one_more_record(yard)
    assert sync(yard.services, "origin").did == "sent"
    return yard


def synced_from_another_clone(path: Path, forge: Forge) -> Yard:
    """The remote gets a record of another clone, which this one fetches."""
    yard = proposed(path, forge)
    sync(yard.services, "origin")
    other = another_clone(forge, path.parent / "other")
    one_more_record(other)
    sync(other.services, "origin")
    yard.reopen()
    assert sync(yard.services, "origin").did == "fetched"
    return yard


def proposed_again(path: Path, forge: Forge) -> Yard:
    """The target moves after the proposal, the pull request is merged, and the next report is proposed too."""
    yard = voided(path, forge)
    propose(yard)
    return yard


def voided(path: Path, forge: Forge) -> Yard:
    yard = waiting(path, forge)
    number = opened(yard, forge)
    yard.commit({"own.txt": "1\n"}, "Direct")
    forge.merge(number)
    sync(yard.services, "origin")
    yard.reopen()
    yard.settle()
    assert yard.events(ReportVoided)
    return yard


def pull_requests_for_each_epic(path: Path, forge: Forge) -> Yard:
    yard = waiting(path, forge, push_as=PushAs.PULL_REQUEST)
    yard.approve()
    return yard


VERBS = {
    proposed: {API, MERGE, PROPOSAL, "approvals", "ledger"},
    proposed_and_synced: {API, MERGE, PROPOSAL, "approvals", "ledger"},
    synced_from_another_clone: {API, MERGE, PROPOSAL, "approvals", "ledger"},
    voided: {API, MERGE, PROPOSAL, "approvals", "ledger"},
    proposed_again: {API, MERGE, PROPOSAL, "approvals", "ledger"},
    pull_requests_for_each_epic: {API},
}
DIRECT = {voided, proposed_again}
"""Those in which a person commits to the target."""


@pytest.mark.each(3)
@pytest.mark.parametrize(("verb", "moved"), VERBS.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_what_gitorch_pushed_is_no_change_and_a_forged_commit_of_each_branch_is_one(repo, forge, verb, moved) -> None:
    yard = verb(repo("some place").path, forge)
    true = tracked(yard)
    assert set(true) == moved
    own = {"refs/heads/main": yard.head()} if verb in DIRECT else {}
    assert outside(yard) == own

    forged = yard.git("commit-tree", "-m", "Forged", "-p", true[API], f"{true[API]}^{{tree}}")
    for name in moved:
        for commit in {forged, yard.head(), *true.values()} - {true[name]}:
            ref = f"{TRACKING}/{name}"
            yard.git("update-ref", ref, commit)
            assert outside(yard) == own | {ref: commit}, (name, commit)
            yard.git("update-ref", ref, true[name])


def test_a_merge_at_the_forge_and_its_push_are_no_change_for_another_run(repo, forge) -> None:
    """Nor is `HEAD` of the remote, which a clone has; the other run pushes nowhere."""
    yard = waiting(repo("some place").path, forge)
    yard.git("remote", "set-head", "origin", "main")
    begin_other(yard)
    forge.merge(opened(yard, forge))
    yard.reopen()
    assert str(yard.settle().phase) == "completed"
    assert outside(yard, OTHER) == {}
    (approved,) = yard.events(MergeApprovedAtForge)
    yard.git("fetch", "-q", "origin")
    assert tracked(yard)["approvals"] == approved.merge
    assert outside(yard, OTHER) == {}
    own = yard.commit({"own.txt": "1\n"}, "Direct")
    yard.git("push", "-q", "origin", "main")
    changed = ("refs/heads/main", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    assert outside(yard, OTHER) == dict.fromkeys(changed, own)


def test_a_merge_that_no_record_names_is_a_change_once_a_person_has_fetched_it(repo, forge) -> None:
    yard = voided(repo("some place").path, forge)
    yard.git("fetch", "-q", "origin")
    changed = {"refs/heads/main": yard.head(), f"{TRACKING}/approvals": forge.head("gitorch/approvals")}
    assert outside(yard) == changed


def test_a_branch_that_somebody_pushed_before_gitorch_did_is_a_change(repo, forge) -> None:
    """Also at the very commit that the report names."""
    yard = waiting(repo("some place").path, forge)
    yard.git("push", "-q", "origin", f"gitorch/{API}")
    assert outside(yard) == {f"{TRACKING}/{API}": yard.head(f"gitorch/{API}")}
    propose(yard)
    assert outside(yard) == {}


@pytest.mark.slow
def test_a_branch_of_another_remote_is_a_change(repo, forge) -> None:
    yard = proposed(repo("some place").path, forge)
    for name, commit in tracked(yard).items():
        yard.git("update-ref", f"refs/remotes/fork/gitorch/{name}", commit)
    names = {API, MERGE, PROPOSAL, "approvals"}
    assert set(outside(yard)) == {f"refs/remotes/fork/gitorch/{name}" for name in names}


def test_a_ledger_at_the_remote_that_went_another_way_is_a_change(repo, forge) -> None:
    yard = proposed(repo("some place").path, forge)
    other = another_clone(forge, yard.path.parent / "other")
    one_more_record(yard)
    one_more_record(other)
    sync(other.services, "origin")
    with pytest.raises(Refused, match="went different ways"):
        sync(yard.services, "origin")
    assert outside(yard) == {}, "a fetch of gitorch moves no remote-tracking branch"
    yard.git("fetch", "-q", "origin")
    assert outside(yard) == {f"{TRACKING}/ledger": other.head("gitorch/ledger")}


def shared(path: Path, forge: Forge) -> Yard:
    """A run with a report, and a second one, in the clone of the host `desk`, which shares its ledger from now on."""
    (path / ".git/gitorch").mkdir()
    (path / ".git/gitorch/host").write_text("desk\n", encoding="utf-8")
    yard = waiting(path, forge, push_remote="", push_ledger=False)
    begin_other(yard)
    (path / "gitorch.yaml").write_text("ledger: {remote: origin, public: true}\n", encoding="utf-8")
    yard.reopen()
    one_more_record(yard)
    assert yard.services.ledger.is_shared
    assert set(tracked(yard)) == {"ledger"}
    return yard


def test_a_merge_at_the_remote_of_a_shared_ledger_is_no_change_for_another_run(repo, forge) -> None:
    yard = shared(repo("some place").path, forge)
    decisions.approve(yard.services, CALLER, yard.run, yard.run.report.digest, "typed")
    (done,) = merge_branches(yard.services, yard.run, effects.MergeBranches(JobId("merge")))
    execute(yard.services, RUN, yard.services.host, done)
    assert forge.head("main") == yard.run.merged.new
    assert yard.git("rev-parse", "refs/remotes/origin/main") == yard.run.merged.new
    assert outside(yard, OTHER) == {}
    for ref in (f"{TRACKING}/ledger", "refs/remotes/origin/main"):
        before = yard.git("rev-parse", ref)
        forged = yard.git("commit-tree", "-m", "Forged", "-p", before, f"{before}^{{tree}}")
        yard.git("update-ref", ref, forged)
        assert outside(yard, OTHER) == {ref: forged}
        yard.git("update-ref", ref, before)


@pytest.mark.slow
def test_a_target_that_gitorch_fetches_is_no_change(repo, forge) -> None:
    """Others push to the target of a shared ledger all day."""
    yard = shared(repo("some place").path, forge)
    other = another_clone(forge, yard.path.parent / "other")
    theirs = other.commit({"theirs.txt": "1\n"}, "Theirs")
    other.git("push", "-q", "origin", "main")
    assert target_head(yard.services, "main") == theirs
    assert forge.head("main") == theirs
    assert outside(yard) == {}
