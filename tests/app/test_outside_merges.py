"""Changes outside the work branches on real git: what gitorch did itself is none of them (K8)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fakes.world import altered
from merge_yard import CALLER, Yard
from play import HUMAN, digest, workflow

from gitorch.app.executing.execute import execute
from gitorch.app.people import decisions
from gitorch.app.query.outside import outside_changes
from gitorch.app.sessions import worktrees
from gitorch.app.start.snapshot import SNAPSHOT_FILE, take_snapshot
from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model.events import ReportVoided, RunConfirmed
from gitorch.model.ids import Digest, RunId
from gitorch.model.plans.workflow import Settings
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.report import OutsideChange
from gitorch.rules.views.merge_report import sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

OTHER = RunId("other-0002")


@pytest.fixture
def yard(repo: Callable[[str], Repository]) -> Yard:
    return Yard(repo("repo").path)


def begin_other(yard: Yard, branch: str = "main", **settings) -> None:
    """A second run that has only recorded its start."""
    target = yard.services.git.resolve(branch)
    prepare = c.PrepareRun(OTHER, "Other", "other.md", digest("other"), branch, target, workflow({"ui": ()}))
    snapshot = take_snapshot(yard.services)
    confirm = c.ConfirmRun(replace(Settings(), **settings), "unattended", repository=Digest(sha256(snapshot)))
    files = {RunConfirmed: {SNAPSHOT_FILE: snapshot.encode()}}
    execute(yard.services, OTHER, HUMAN, (prepare, confirm), files)


def other_changes(yard: Yard) -> tuple[OutsideChange, ...]:
    return outside_changes(yard.services, yard.services.ledger.state(OTHER).run)


def merge(yard: Yard) -> str:
    """Let the first run merge its epic, and return the target's commit."""
    yard.settle()
    yard.approve()
    return yard.head()


def test_a_worktree_for_manual_work_is_no_change(yard: Yard) -> None:
    yard.begin({"api": {"api.txt": "1"}})
    begin_other(yard)
    made = worktrees.create(yard.services, "spike", "main")
    yard.git("branch", "own-spike", "main")
    assert made.branch == "gitorch/by-hand/spike"
    assert [change.name for change in other_changes(yard)] == ["refs/heads/own-spike"]


def test_a_merge_of_another_run_is_no_change(yard: Yard) -> None:
    yard.begin({"api": {"api.txt": "1"}})
    begin_other(yard)
    old = yard.head()
    assert merge(yard) != old
    assert other_changes(yard) == ()


def test_a_merge_of_another_run_into_another_branch_is_no_change(yard: Yard) -> None:
    yard.git("branch", "release")
    yard.begin({"api": {"api.txt": "1"}})
    begin_other(yard, "release")
    old = yard.head()
    assert merge(yard) != old
    assert other_changes(yard) == ()
    own = yard.commit({"own.txt": "1"}, "Direct")
    assert other_changes(yard) == (OutsideChange("refs/heads/main", old, own),)


def test_commits_beside_a_merge_of_another_run_are_listed_without_its_commits(yard: Yard) -> None:
    yard.begin({"api": {"api.txt": "1"}})
    begin_other(yard)
    old = yard.head()
    merge(yard)
    head = yard.commit({"own.txt": "1"}, "Direct")
    (change,) = other_changes(yard)
    assert (change.name, change.before, change.after) == ("refs/heads/main", old, head)
    assert [commit.partition(": ")[2] for commit in change.commits] == ["Direct"]


def test_a_push_of_another_runs_merge_is_no_change(yard: Yard) -> None:
    yard.git("update-ref", "refs/remotes/origin/main", "main")
    yard.begin({"api": {"api.txt": "1"}})
    begin_other(yard, push_remote="origin")
    yard.git("update-ref", "refs/remotes/origin/main", merge(yard))
    assert other_changes(yard) == ()
    yard.git("update-ref", "refs/remotes/origin/main", yard.commit({"own.txt": "1"}, "Direct"))
    assert [change.name for change in other_changes(yard)] == ["refs/heads/main", "refs/remotes/origin/main"]


def test_a_target_that_lost_commits_is_rewritten(yard: Yard) -> None:
    yard.commit({"a.txt": "1"})
    begin = yard.head()
    yard.begin({"api": {"api.txt": "1"}})
    yard.git("reset", "-q", "--hard", "HEAD~1")
    assert outside_changes(yard.services, yard.run) == (
        OutsideChange("refs/heads/main", begin, yard.head(), rewritten=True),
    )


def test_a_target_that_was_removed_is_a_change(yard: Yard) -> None:
    yard.begin({"api": {"api.txt": "1"}})
    old = yard.head()
    yard.git("checkout", "-q", "--detach")
    yard.git("branch", "-q", "-D", "main")
    assert outside_changes(yard.services, yard.run) == (OutsideChange("refs/heads/main", old, ""),)


def test_reviewed_commits_that_an_agent_put_on_the_target_are_not_called_unseen(yard: Yard) -> None:
    yard.begin({"api": {"api.txt": "1"}})
    old = yard.head()
    run = yard.settle()
    cleared = run.jobs["api"].cleared
    yard.git("merge", "-q", "--ff-only", cleared)
    assert outside_changes(yard.services, yard.run) == (OutsideChange("refs/heads/main", old, cleared),)


def test_a_run_that_recorded_no_snapshot_lists_nothing(yard: Yard) -> None:
    yard.begin({"api": {"api.txt": "1"}})
    yard.commit({"own.txt": "1"}, "Direct")
    assert outside_changes(yard.services, replace(yard.run, repository=None)) == ()


def plant_hook(yard: Yard) -> str:
    hook = yard.path / ".git/hooks/post-merge"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n")
    return "hooks/post-merge (absent → sha256:"


def set_filter(yard: Yard) -> str:
    yard.git("config", "filter.x.clean", "cat")
    return "config/filter.x.clean (absent → sha256:"


PLANTS = (plant_hook, set_filter)


@pytest.mark.each(2)
@pytest.mark.parametrize("plant", PLANTS)
def test_a_change_after_the_report_is_refused_at_the_approval_and_listed_by_the_next_report(yard: Yard, plant) -> None:
    yard.begin({"api": {"api.txt": "api\n"}})
    yard.settle()
    stale = yard.run.report
    named = plant(yard)
    yard.reopen()
    with pytest.raises(Refused) as caught:
        yard.approve()
    assert f"after the report changed: {named}" in caught.value.message
    assert yard.run.report is None
    yard.settle()
    assert yard.run.report.digest != stale.digest
    assert named.split(" ")[0] in yard.open()[0].text
    assert str(yard.approve().phase) == "completed"


@pytest.mark.each(2)
@pytest.mark.parametrize("plant", PLANTS)
def test_a_change_between_approval_and_merge_withdraws_the_report_with_before_and_after(yard: Yard, plant) -> None:
    yard.begin({"api": {"api.txt": "api\n"}})
    yard.settle()
    target = yard.head()
    decisions.approve(yard.services, CALLER, yard.run, yard.run.report.digest, "typed")
    named = plant(yard)
    yard.reopen()
    yard.settle()
    assert (yard.head(), yard.run.merged, yard.run.approval) == (target, None, None)
    assert f"after the report changed: {named}" in yard.events(ReportVoided)[0].reason
    assert str(yard.approve().phase) == "completed"


def test_branches_and_keys_of_the_principal_may_change_after_the_report(yard: Yard) -> None:
    yard.begin({"api": {"api.txt": "api\n"}})
    yard.settle()
    yard.git("branch", "my-own")
    yard.git("config", "user.signingKey", "/somewhere")
    yard.git("config", "branch.my-own.merge", "refs/heads/main")
    yard.reopen()
    assert str(yard.approve().phase) == "completed"


def test_branches_and_tags_that_move_after_the_report_are_named_with_before_and_after(yard: Yard) -> None:
    yard.git("branch", "old")
    yard.git("tag", "kept")
    yard.begin({"api": {"api.txt": "api\n"}})
    yard.settle()
    assert decisions.changed_since_report(yard.services, yard.run) == ()
    target = yard.head()
    moved = yard.run.report.branches[0].commit
    yard.git("branch", "new")
    yard.git("branch", "--force", "old", moved)
    yard.git("tag", "--delete", "kept")
    yard.reopen()
    assert decisions.changed_since_report(yard.services, yard.run) == (
        OutsideChange("refs/heads/new", "", target),
        OutsideChange("refs/heads/old", target, moved),
        OutsideChange("refs/tags/kept", target, ""),
    )


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_report_of_another_host_is_not_compared_with_the_settings_of_this_clone(yard: Yard, is_shared: bool) -> None:
    """Such as another address of the same remote."""
    yard.git("remote", "add", "origin", "ssh://desk/x.git")
    yard.begin({"api": {"api.txt": "api\n"}})
    yard.git("remote", "set-url", "origin", "ssh://elsewhere/x.git")
    yard.settle()
    yard.git("remote", "set-url", "origin", "https://attic/x.git")
    yard.reopen()
    yard.services.ledger.is_shared = is_shared
    attic = altered(yard.services, host=Actor(ActorKind.HOST, "gitorch", "attic"))
    changed = decisions.changed_since_report(attic, yard.run)
    assert [one.name for one in changed] == ([] if is_shared else ["config/remote.origin.url"])
    own = decisions.changed_since_report(yard.services, yard.run)
    assert [one.name for one in own] == ["config/remote.origin.url"]
