"""Approved branches that are merged on the forge, each by its own pull request: merge commits, squashes and rebases."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import RUN, Yard
from proposal_yard import another_clone

from gitorch.app.people import code_merges
from gitorch.app.people.signing import unsigned
from gitorch.app.query.recipe import recipe
from gitorch.app.reconciler.redone import redone
from gitorch.model import events
from gitorch.model.ids import CommitId
from gitorch.model.plans.forge import PushAs

if TYPE_CHECKING:
    from forge import Forge

WORK = {"api": {"api.txt": "api\n"}, "web": {"web.txt": "web\n"}}
SETTINGS = {"push_remote": "origin", "push_ledger": True, "push_as": PushAs.PULL_REQUEST}


def approved(path: Path, forge: Forge) -> Yard:
    """A run of two epics whose branches are pull requests of an approved report."""
    yard = Yard(path)
    yard.git("remote", "add", "origin", forge.address)
    yard.git("push", "-q", "origin", "main")
    yard.begin(WORK, forge_keys=forge.signers, **SETTINGS)
    yard.settle()
    yard.approve()
    return yard


def merged(yard: Yard, forge: Forge, **how: str) -> events.CodeMerged:
    """People merge the pull request of each epic in this way."""
    for job, way in how.items():
        forge.merge(forge.open(f"gitorch/{RUN}/{job}", "main", f"Add {job}")["number"], way)
    yard.reopen()
    yard.settle()
    (event,) = yard.events(events.CodeMerged)
    return event


@pytest.mark.slow
def test_the_branches_are_put_up_and_nothing_is_merged_here(repo, forge):
    main = forge.git("rev-parse", "--verify", "-q", "main") if forge.head("main") else ""
    yard = approved(repo("some place").path, forge)
    (question,) = yard.open()
    assert question.trigger.startswith("pulls:")
    assert f"gitorch/{RUN}/api at " in question.evidence
    assert forge.head(f"gitorch/{RUN}/api") == yard.head(f"gitorch/{RUN}/api")
    assert (yard.run.merged, yard.head()) == (None, forge.head("main") or main)
    forge.merge(forge.open(f"gitorch/{RUN}/api", "main", "Add api")["number"])
    yard.git("pull", "-q", "--ff-only", "origin", "main")
    yard.reopen()
    assert yard.settle().report is not None, "one pull request is no move of the target that voids the report"
    assert yard.run.merged is None


@pytest.mark.slow
def test_a_merge_and_a_squash_are_recognised_and_their_signer_is_named(repo, forge, tmp_path):
    yard = approved(repo("some place").path, forge)
    event = merged(yard, forge, api="merge", web="squash")
    assert [(one.job, str(one.how), one.signer) for one in event.merges] == [
        ("api", "merge", "forge@forge.example"),
        ("web", "squash", "forge@forge.example"),
    ]
    assert (str(yard.run.phase), yard.head()) == ("completed", forge.head("main"))
    verified = yard.services.ledger.verified(RUN)
    assert (list(unsigned(yard.services, verified)), list(code_merges.unproven_merges(verified))) == ([], [])
    (tmp_path / "recipe.sh").write_text(recipe(yard.services, yard.run))
    said = yard.git("-c", f"alias.run=!sh {tmp_path}/recipe.sh", "run")
    assert "ok: " in said
    assert "WRONG" not in said
    other = another_clone(forge, tmp_path / "other")
    assert list(unsigned(other.services, other.services.ledger.verified(RUN))) == []
    target = CommitId(yard.head())
    later = CommitId(yard.commit({"api.txt": "API\n", "web.txt": "WEB\n"}))
    found = redone(yard.services, target, later)
    assert [(one.job, one.lines) for one in found] == [("api", 1), ("web", 1)], "the squash is the work of web"


@pytest.mark.slow
@pytest.mark.parametrize("commits", [1, 2])
def test_a_rebase_is_recognised_and_that_nobody_signed_it_is_said(repo, forge, commits, monkeypatch):
    act = Yard.commit

    def commit_twice(self, files, message="Change", cwd=None):
        """The author of an epic commits a second time."""
        made = act(self, files, message, cwd)
        if cwd is not None and commits > 1:
            made = act(self, {f"more {min(files)}": "more\n"}, "More", cwd)
        return made

    monkeypatch.setattr(Yard, "commit", commit_twice)
    yard = approved(repo("some place").path, forge)
    event = merged(yard, forge, web="squash", api="rebase")
    assert [(one.job, str(one.how), one.signer) for one in event.merges] == [
        ("api", "rebase", ""),
        ("web", "squash", "forge@forge.example"),
    ]
    (sentence,) = code_merges.unproven_merges(yard.services.ledger.verified(RUN))
    assert "The rebase of api by " in sentence
    assert "not that Ada Example did it" in sentence


@pytest.mark.slow
def test_a_pull_request_with_other_content_is_not_taken_for_the_approved_one(repo, forge):
    yard = approved(repo("some place").path, forge)
    tree = forge.git("rev-parse", f"gitorch/{RUN}/web^{{tree}}")
    forge.merge(forge.open(f"gitorch/{RUN}/api", "main", "Add api")["number"], "squash", tree=tree)
    forge.merge(forge.open(f"gitorch/{RUN}/web", "main", "Add web")["number"], "merge")
    yard.reopen()
    assert yard.settle().merged is None
    assert yard.events(events.CodeMerged) == []


@pytest.mark.slow
@pytest.mark.parametrize("pulled", [True, False])
@pytest.mark.parametrize(("api", "web"), [("squash", "rebase"), ("merge", "squash")])
def test_a_branch_that_the_forge_squashed_or_rebased_is_removed_unless_more_came_after(repo, forge, api, web, pulled):
    yard = approved(repo("some place").path, forge)
    before = yard.head()
    merged(yard, forge, api=api, web=web)
    if not pulled:
        yard.git("reset", "-q", "--hard", before)
    yard.commit({"late.txt": "late\n"}, cwd=yard.services.paths.job_worktree(yard.run, "web"))
    yard.answer("branches")
    (done,) = yard.events(events.CleanupDone)
    assert done.removed == ("worktree api", f"branch gitorch/{RUN}/api")
    said = "1 commit is not in main"
    assert done.kept == (f"worktree web: {said}", f"branch gitorch/{RUN}/web: {said}")
    assert yard.git("show", f"gitorch/{RUN}/web:late.txt") == "late"
