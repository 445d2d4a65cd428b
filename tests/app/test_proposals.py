"""A merge report as a pull request: what is proposed, and which merges of it approve."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.world import altered
from forge import EMAIL, make_key, signers_line

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import CALLER, HUMAN, RUN
from proposal_yard import BRANCH, another_clone, opened, propose, waiting

from gitorch.app.executing.execute import execute
from gitorch.app.people import proposals
from gitorch.app.people.forge_merges import merge_of, proposal_fault
from gitorch.app.people.signing import unsigned
from gitorch.app.query.anchors import check_remote
from gitorch.app.query.recipe import recipe
from gitorch.app.query.syncing import sync
from gitorch.app.reconciler.merging import merge_branches
from gitorch.errors import Corrupt
from gitorch.model import commands, events
from gitorch.model.plans.config import Config
from gitorch.model.plans.forge import ForgeKind
from gitorch.model.values import replace
from gitorch.model.work.proposal import APPROVALS
from gitorch.rules.views.approval import approval_text

if TYPE_CHECKING:
    from merge_yard import Yard


@pytest.fixture
def yard(repo, forge) -> Yard:
    return waiting(repo("some place").path, forge)


def test_the_pull_request_adds_the_report_and_nothing_else(yard, forge):
    done = propose(yard)
    base = forge.git("merge-base", APPROVALS, BRANCH)
    assert base == forge.head(APPROVALS)
    added = forge.git("diff", "--name-status", f"{base}...{BRANCH}").splitlines()
    assert [line.split("\t")[0] for line in added] == ["A", "A"]
    page, data = (line.split("\t")[1] for line in added[::-1])
    text = forge.git("show", f"{BRANCH}:{page}")
    assert "Merging this pull request approves" in text
    assert "# Merge report: Play" in text
    assert yard.run.report.digest in forge.git("log", "-1", "--format=%B", BRANCH)
    assert data.endswith("report.json")
    assert done.address == ""
    assert yard.run.proposal == done.proposal


def test_a_merged_pull_request_approves_and_another_clone_merges(yard, forge, tmp_path):
    number = opened(yard, forge)
    assert yard.settle().approval is None
    other = another_clone(forge, tmp_path / "other")
    merge = forge.merge(number)
    run = other.settle()
    assert (str(run.phase), run.approval.proof) == ("completed", "forge:forge@forge.example")
    (approved,) = other.events(events.MergeApprovedAtForge)
    assert (approved.merge, approved.proposal) == (merge, yard.run.proposal.commit)
    assert forge.git("show", "main:api.txt") == "api"
    assert list(unsigned(other.services, other.services.ledger.verified(RUN))) == []
    assert other.services.ledger.verify().faults == ()


def squashed(yard, forge, number):
    forge.merge(number, "squash")


def rebased(yard, forge, number):
    forge.merge(number, "rebase")


def unsigned_merge(yard, forge, number):
    pull = forge.pull(number)
    ours, theirs = forge.head(APPROVALS), pull["headRefOid"]
    tree = forge.git("merge-tree", "--write-tree", ours, theirs)
    forge.force(APPROVALS, forge.commit(tree, (ours, theirs), "Merge", None))


def by_another_key(yard, forge, number):
    forge.merge(number, key=make_key(forge.folder.parent / "eve", EMAIL))


def with_another_tree(yard, forge, number):
    forge.merge(number, tree=forge.git("rev-parse", "main^{tree}"))


def with_its_files_dropped(yard, forge, number):
    forge.merge(number, tree=forge.git("rev-parse", f"{APPROVALS}^{{tree}}"))


def moved(yard, forge, number):
    """Somebody pushes one commit more to the proposal before it is merged."""
    tip = forge.head(BRANCH)
    tree = forge.git("rev-parse", f"{tip}^{{tree}}")
    forge.force(BRANCH, forge.commit(tree, (tip,), "One more", None))
    forge.follow(number)
    forge.merge(number)


def on_a_rewritten_branch(yard, forge, number):
    tree = forge.git("rev-parse", f"{BRANCH}^{{tree}}")
    forge.force(APPROVALS, forge.commit(tree, (), "Begin anew", forge.key))


FRAUDS = [
    (squashed, "the proposal was squashed or rebased"),
    (rebased, "the proposal was squashed or rebased"),
    (unsigned_merge, "is not signed"),
    (by_another_key, "is signed by a key that run play-0001 did not begin with"),
    (with_another_tree, "holds other files than the merge of its parents gives"),
    (with_its_files_dropped, "holds other files than the merge of its parents gives"),
    (moved, "the pull request was moved"),
    (on_a_rewritten_branch, "was rewritten"),
]


@pytest.mark.slow
def test_a_merge_that_does_not_count_says_why(yard, forge):
    number = opened(yard, forge)
    base, head = forge.head(APPROVALS), forge.head(BRANCH)
    for fraud, reason in FRAUDS:
        forge.force(APPROVALS, base)
        forge.force(BRANCH, head)
        forge.follow(number)
        fraud(yard, forge, number)
        yard.services.remotes.fetch("origin", f"refs/heads/{APPROVALS}")
        found = merge_of(yard.services, yard.run, yard.run.proposal, forge.head(APPROVALS))
        assert reason in found.fault, fraud
        assert not found.signer, fraud


@pytest.mark.slow
def test_a_squash_is_asked_about_and_merges_nothing_until_the_report_is_proposed_again(yard, forge):
    number, main = opened(yard, forge), yard.head()
    forge.merge(number, "squash")
    yard.settle()
    (question,) = [q for q in yard.open() if q.trigger.startswith("proposal:")]
    assert "but that approves nothing: the proposal was squashed or rebased" in question.happened
    assert (yard.run.approval, yard.head()) == (None, main)
    first = yard.run.proposal
    done = propose(yard)
    assert done.proposal.commit != first.commit
    forge.merge(forge.open(done.branch, APPROVALS, "Approve")["number"])
    yard.reopen()
    assert str(yard.settle().phase) == "completed"
    assert [question.trigger for question in yard.open()] == [""], "only the cleanup is asked about"


FORGERIES = [
    ("the page shows another report", "shows another report than the one that is approved"),
    ("the message names another report", "does not name what would be merged"),
    ("a third file comes with it", "changes other files than its report"),
    ("the ledger that it was made on is another one", "the ledger was rewritten"),
]


def test_a_forged_proposal_says_what_is_wrong_with_it(yard):
    true = propose(yard).proposal.commit
    report = yard.run.report
    approved = approval_text("L", RUN, report.digest, "main", report.target_commit, (report.branches[0].commit,))
    assert proposal_fault(yard.services, yard.run, true, (report.digest, approved)) == ""
    for what, reason in FORGERIES:
        forged = _forged(yard, true, what)
        assert reason in proposal_fault(yard.services, yard.run, forged, (report.digest, approved)), what


@pytest.mark.slow
def test_a_recorded_approval_of_a_forged_proposal_is_corrupt_for_verify_and_merge(yard, forge):
    """Somebody with the rights of the user writes the records of the proposal and of its approval."""
    true = propose(yard).proposal.commit
    forged = _forged(yard, true, "the page")
    merge = forge_merge(yard, forge, forged)
    made = replace(yard.run.proposal, commit=forged)
    execute(yard.services, RUN, HUMAN, commands.ProposeMerge(made))
    execute(yard.services, RUN, yard.services.host, commands.ApproveAtForge(forged, merge, EMAIL))
    (fault,) = unsigned(yard.services, yard.services.ledger.verified(RUN))
    assert "shows another report" in fault.message
    with pytest.raises(Corrupt, match="is not proven"):
        merge_branches(yard.services, yard.run, None)


def _forged(yard, true, what):
    """A commit like the true proposal, but for one thing."""
    message = yard.git("log", "-1", "--format=%B", true) + "\n"
    base = yard.git("rev-parse", f"{true}^")
    files = {
        path: yard.services.git.file_at(true, path) for path in yard.git("diff", "--name-only", base, true).split()
    }
    if what.startswith("the page"):
        files = {path: data.replace(b"api", b"web") for path, data in files.items()}
    elif what.startswith("the message"):
        message = message.replace(yard.run.report.digest, "sha256:" + "0" * 64)
    elif what.startswith("a third"):
        files["more.txt"] = b"more\n"
    else:
        message = message.rpartition("history: ")[0] + f"history: {yard.head()}\n"
    return yard.services.git.commit_files(base, files, message, yard.clock.now())


def forge_merge(yard, forge, proposal):
    """The forge merges this proposal, signed by its own key, and the clone has the merge."""
    yard.git("push", "-q", "origin", f"{proposal}:refs/heads/forged")
    number = forge.open("forged", APPROVALS, "Approve")["number"]
    merge = forge.merge(number)
    yard.services.remotes.fetch("origin", f"refs/heads/{APPROVALS}")
    return merge


@pytest.mark.slow
def test_the_printed_recipe_agrees_with_verify(yard, forge, tmp_path):
    number = opened(yard, forge)
    forge.merge(number)
    yard.reopen()
    yard.settle()
    other = another_clone(forge, tmp_path / "other")
    script = recipe(other.services, other.run)
    said = other.git("-c", f"alias.run=!sh {_file(tmp_path, script)}", "run")
    assert "ok: signature" in said
    assert "WRONG" not in said
    assert other.services.ledger.verify().faults == ()
    eve = signers_line(make_key(tmp_path / "eve", "eve"))
    said = other.git(
        "-c", f"alias.run=!sh {_file(tmp_path, script.replace(forge.signers.strip(), eve.strip()))}", "run"
    )
    assert "WRONG: signature" in said


def _file(folder, text):
    path = folder / "recipe.sh"
    path.write_text(text)
    return path


@pytest.mark.slow
def test_the_pull_request_is_opened_by_the_forges_program_or_by_push_options(yard, forge, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    web = forge.address.removesuffix(".git")
    github = altered(yard.services, config=Config(push_forge=ForgeKind.GITHUB, push_remote="origin"))
    _program(tmp_path / "bin/gh", f'echo "$*" >> {tmp_path}/asked; echo {web}/pull/1')
    done = proposals.propose(github, CALLER, yard.run, "", public=False)
    assert (done.opened, done.address) == ("gh", f"{web}/pull/1")
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith(f"pr create --repo ann/project --base {APPROVALS} --head {BRANCH} --title ")

    _program(tmp_path / "bin/gh", "echo not logged in >&2; exit 4")
    done = proposals.propose(github, CALLER, yard.run, "", public=False)
    assert (done.opened, done.note) == ("", "gh opened no pull request: not logged in")
    assert done.address == f"{web}/compare/{APPROVALS}...{BRANCH}?expand=1"
    assert done.pushed == (), "the same proposal is there already"

    _program(tmp_path / "bin/tea", "echo TEA text editor 62")
    gitea = altered(yard.services, config=Config(push_forge=ForgeKind.GITEA, push_remote="origin"))
    done = proposals.propose(gitea, CALLER, yard.run, "", public=False)
    assert (done.opened, done.note, done.address) == ("", "", f"{web}/compare/{APPROVALS}...{BRANCH}")


@pytest.mark.slow
def test_gitlab_opens_the_pull_request_by_itself_and_a_person_of_no_known_forge_is_sent_nowhere(yard, forge):
    gitlab = altered(yard.services, config=Config(push_forge=ForgeKind.GITLAB, push_remote="origin"))
    done = proposals.propose(gitlab, CALLER, yard.run, "", public=False)
    assert done.opened == "push options"
    pull = next(pull for pull in forge.pulls() if pull["head"] == BRANCH)
    assert (pull["base"], pull["title"]) == (APPROVALS, "Approve the merge of Play into main")
    assert propose(yard).address == ""


def _program(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.slow
def test_what_the_forge_says_is_kept_as_a_claim_and_asked_about(yard, forge, tmp_path, monkeypatch):
    opened(yard, forge)
    answer = {"url": "https://github.com/ann/project/pull/7", "state": "CLOSED", "mergedBy": None, "comments": []}
    answer["reviews"] = [{"author": {"login": "eve"}, "state": "CHANGES_REQUESTED", "body": "Too big.", "commit": None}]
    (tmp_path / "answer").write_text(json.dumps(answer))
    _program(tmp_path / "bin/gh", f'[ "$1" = pr ] && cat {tmp_path}/answer || echo "[]"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    yard.services = altered(yard.services, config=Config(push_forge=ForgeKind.GITHUB, push_remote="origin"))
    yard.settle()
    (question,) = [q for q in yard.open() if q.trigger.startswith("proposal:")]
    assert question.happened == "The pull request https://github.com/ann/project/pull/7 was closed and not merged."
    assert "eve requested changes on" in question.evidence
    assert "eve: Too big." in question.evidence
    assert "no signature proves it" in question.evidence


@pytest.mark.slow
def test_a_ledger_that_was_forced_back_at_the_remote_is_named_and_nothing_is_approved_or_pushed(yard, forge):
    number, main = opened(yard, forge), yard.head()
    before = forge.head("gitorch/ledger")
    sync(yard.services, "origin")
    kept = forge.head("gitorch/ledger")
    forge.force("gitorch/ledger", forge.git("rev-parse", f"{before}~3"))
    forge.merge(number)
    yard.reopen()
    sentence = f"The ledger at origin was forced back: .* this clone has seen it at {kept[:12]}"
    with pytest.raises(Corrupt, match=sentence):
        yard.settle()
    assert (yard.run.approval, yard.head()) == (None, main)
    for act in (lambda: sync(yard.services, "origin"), lambda: check_remote(yard.services, 1, "origin")):
        with pytest.raises(Corrupt, match=sentence):
            act()
    assert forge.head("gitorch/ledger") != kept, "nothing was pushed over it"
    yard.git("push", "-q", "origin", f"{kept}:refs/heads/gitorch/ledger")
    yard.reopen()
    assert str(yard.settle().phase) == "completed"
