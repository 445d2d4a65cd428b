"""What stands in the way of a push, and of taking a merge back: all of it is put to a human, and nothing moves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import Desk
from fakes.world import FakeLedger, altered

from gitorch.app.reconciler import pushing
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import CommitId
from gitorch.model.values import replace

MAIN, LEDGER = "refs/heads/main", "refs/heads/gitorch/ledger"
PUSH, TAKE_BACK = effects.PushMerge("merge"), effects.TakeBack("merge")
UNKNOWN = CommitId("f" * 40)


@pytest.fixture
def desk(tmp_path):
    """A run that is merged here and owes its push."""
    desk = Desk(tmp_path / "s")
    desk.remotes.held["origin"] = {MAIN: desk.begun}
    desk.reported("api", push_remote="origin").approve()
    report = desk.run.report
    desk.git.tips["main"] = report.merged_commit
    desk.do(c.RecordMerge(desk.begun, report.merged_commit, report.merged_tree))
    return desk


def question(desk, reason, evidence=""):
    """What is asked about a merge that is here and not at the remote."""
    merged = desk.run.merged
    return c.Escalate(
        trigger="push:origin",
        happened=f"main is merged here at {merged.new[:12]}, but origin did not take it: {reason}",
        tried="`git push --atomic --force-with-lease` to origin; nothing was undone, here or there.",
        evidence=evidence or reason,
        decision=(
            "Retry the push (also after you brought both together yourself: "
            "git pull --no-rebase origin main && git push origin main), leave it unpushed, or take the "
            f"merge back to {merged.old[:12]} for a new report and a new approval?"
        ),
        options=("retry", "leave", "take_back"),
        job="merge",
    )


def push(desk, **settings):
    """Push with these settings; what is recorded of it."""
    run = replace(desk.run, settings=replace(desk.run.settings, **settings))
    real = desk.ledger.verified
    changed = lambda _, name: replace(real(name), state=replace(real(name).state, run=run))  # noqa: E731 said once
    ledger = type("Changed", (FakeLedger,), {"verified": changed})()
    vars(ledger).update(vars(desk.ledger))
    return pushing.push_merge(altered(desk.services, ledger=ledger), run, PUSH)


def test_the_merge_is_pushed_over_what_the_remote_had(desk):
    assert push(desk) == (c.RecordPush("origin", desk.begun, desk.run.merged.new),)
    assert desk.remotes.held["origin"] == {MAIN: desk.run.merged.new}


def test_a_remote_that_has_the_merge_already_is_not_pushed_to(desk):
    later = desk.git.write("theirs", {"x.txt": "x\n"}, start="main")
    desk.remotes.held["origin"] = {MAIN: later}
    desk.remotes.hooks["origin"] = "nobody pushes"
    assert push(desk) == (c.RecordPush("origin", None, desk.run.merged.new),)
    assert desk.remotes.held["origin"] == {MAIN: later}


def test_the_ledger_is_pushed_beside_the_merge_where_the_settings_say_so(desk):
    tip = desk.ledger.tip()
    desk.git.commits[tip] = desk.git.commits[desk.begun]
    assert push(desk, push_ledger=True) == (c.RecordPush("origin", desk.begun, desk.run.merged.new),)
    assert desk.remotes.held["origin"] == {MAIN: desk.run.merged.new, LEDGER: tip}


def test_a_ledger_that_the_remote_has_already_is_left(desk):
    tip = desk.ledger.tip()
    desk.git.commits[tip] = desk.git.commits[desk.begun]
    desk.remotes.held["origin"] = {MAIN: desk.run.merged.new, LEDGER: tip}
    desk.remotes.hooks["origin"] = "nobody pushes"
    assert push(desk, push_ledger=True) == (c.RecordPush("origin", None, desk.run.merged.new),)


def test_a_remote_without_the_target_gets_none(desk):
    desk.remotes.held["origin"] = {}
    assert push(desk) == (question(desk, "origin has no branch main, and gitorch never creates a merge target"),)
    assert desk.remotes.held["origin"] == {}


@pytest.mark.parametrize("known", [True, False])
def test_a_remote_that_went_another_way_keeps_its_commits(desk, known):
    theirs = desk.git.write("theirs", {"x.txt": "x\n"}, start=desk.begun) if known else UNKNOWN
    desk.remotes.held["origin"] = {MAIN: theirs}
    reason = f"origin has main at {theirs[:12]}, which is not part of what was merged"
    assert push(desk) == (question(desk, reason),)
    assert desk.remotes.held["origin"] == {MAIN: theirs}


def test_another_ledger_at_the_remote_keeps_the_merge_back_too(desk):
    desk.remotes.held["origin"][LEDGER] = UNKNOWN
    reason = f"origin has a ledger at {UNKNOWN[:12]} that this one does not continue"
    assert push(desk, push_ledger=True) == (question(desk, reason),)
    assert desk.remotes.held["origin"] == {MAIN: desk.begun, LEDGER: UNKNOWN}


def test_a_remote_that_does_not_answer_is_asked_about(desk):
    desk.remotes.silent.add("origin")
    assert push(desk) == (question(desk, "origin cannot be reached: it is silent"),)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("! [rejected] main (stale info)\nhint: fetch first", "! [rejected] main (stale info)"),
        ("remote: be quick\n! [remote rejected] main (pre-receive)", "remote: be quick"),
        ("To ../o.git\nremote: Not on Friday\nremote: ok\n! [remote rejected] (hook declined)", "Not on Friday"),
        ("To ../o.git\nremote:\nremote: error: hook declined to update main\nremote: Ask ops", "Ask ops"),
        ("To ../o.git\nremote: error: hook declined to update main", "To ../o.git"),
    ],
)
def test_the_reason_of_a_refused_push_is_its_most_telling_line(desk, output, reason):
    desk.remotes.hooks["origin"] = output
    assert push(desk) == (question(desk, reason, output),)
    assert desk.remotes.held["origin"] == {MAIN: desk.begun}


def test_a_run_that_is_not_merged_owes_no_push_and_takes_nothing_back(tmp_path):
    desk = Desk(tmp_path / "t").begin(push_remote="origin")
    assert pushing.push_merge(desk.services, desk.run, PUSH) == ()
    assert pushing.take_back(desk.services, desk.run, TAKE_BACK) == ()


# Whether a remote is ahead


@pytest.mark.parametrize(
    ("there", "is_ahead"),
    [("nothing", False), ("the same", False), ("older", False), ("newer", True), ("unknown", True)],
)
def test_a_remote_is_ahead_where_its_target_is_not_part_of_the_commit(desk, there, is_ahead):
    newer = desk.git.write("theirs", {"x.txt": "x\n"}, start="main")
    places = {"the same": desk.run.merged.new, "older": desk.begun, "newer": newer, "unknown": UNKNOWN}
    at = places.get(there)
    desk.remotes.held["origin"] = {} if at is None else {MAIN: at}
    found = pushing.commit_ahead(desk.services, desk.run, desk.run.merged.new)
    assert found == (at if is_ahead else None)


def test_a_remote_that_is_silent_or_not_configured_is_not_ahead(desk):
    desk.remotes.held["origin"] = {MAIN: UNKNOWN}
    without = replace(desk.run, settings=replace(desk.run.settings, push_remote=""))
    assert pushing.commit_ahead(desk.services, without, desk.begun) is None
    desk.remotes.silent.add("origin")
    assert pushing.commit_ahead(desk.services, desk.run, desk.begun) is None


# Taking a merge back


def test_a_merge_is_taken_back_to_where_the_target_was(desk):
    merged, asked = desk.run.merged, []
    move = desk.git.move
    desk.git.move = lambda *words: asked.append(words) or move(*words)
    assert pushing.take_back(desk.services, desk.run, TAKE_BACK) == (c.RecordTakenBack(merged.old, merged.new),)
    assert desk.git.tips["main"] == desk.begun
    assert asked == [("main", merged.old, merged.new, "take back a merge that was not pushed")]


@pytest.mark.parametrize("obstacle", ["moved on", "removed", "hook"])
def test_a_merge_that_cannot_be_taken_back_stays_with_the_reason(desk, obstacle):
    if obstacle == "moved on":
        at = desk.git.write("main", {"x.txt": "x\n"})
        reason = f"main was not moved back: it is at {at[:12]} by now"
    elif obstacle == "removed":
        at = desk.git.tips.pop("main") and None
        reason = "main was not moved back: it does not exist any more"
    else:
        at = desk.git.tips["main"]
        desk.git.hook = "frozen"
        reason = "main was not moved back: frozen"
    assert pushing.take_back(desk.services, desk.run, TAKE_BACK) == (question(desk, reason),)
    assert desk.git.tips.get("main") == at
