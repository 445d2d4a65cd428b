"""Holding a run, ending it, and what is left of it."""

from __future__ import annotations

import json

import pytest
from cli_stage import RUN

from gitorch.cli.call import Streams
from gitorch.cli.verbs import runs
from gitorch.model.work.run import RunPhase

TERMINAL = Streams(asks=True, draws=True, columns=80, lines=24)


def test_a_run_is_paused_with_a_reason_and_resumed(stage):
    stage.begin_run()
    assert stage.gitorch("pause", "--reason", "freeze").out == f"Run {RUN} is paused. Resume it: gitorch resume {RUN}\n"
    assert stage.run.phase is RunPhase.PAUSED
    assert stage.ledger.written[-1].record.event.reason == "freeze"
    assert stage.gitorch("pause").status == 4
    assert json.loads(stage.gitorch("resume", "auth", "--json").out) == {"ok": True, "run": RUN, "phase": "running"}


def test_a_canceled_run_loses_its_agents_at_once_and_keeps_its_branches(stage):
    stage.begin_run().launch("api")
    answer = stage.gitorch("cancel", "--reason", "wrong plan")
    assert (answer.status, stage.terminals.stopped) == (0, ["s1"])
    assert f"Run {RUN} is canceled; its branches are kept. Its agents are stopped." in answer.out
    assert stage.gitorch("cancel", RUN).status == 4


def test_cancel_beside_a_running_up_leaves_the_agents_to_it(stage):
    stage.begin_run().launch("api").ledger.held.update(("up", "driver"))
    answer = stage.gitorch("cancel", "--json")
    assert json.loads(answer.out)["left_to_up"] is True
    assert stage.terminals.stopped == []


@pytest.fixture
def merged(stage):
    assert stage.until_report().gitorch("approve", "--yes").status == 0
    return stage


def test_cleanup_asks_before_it_removes(merged):
    assert merged.gitorch("cleanup").status == 2
    merged.streams = TERMINAL
    assert merged.gitorch("cleanup", typed="\n").status == 130
    assert not merged.run.cleaned
    answer = merged.gitorch("cleanup", typed="y\n")
    assert answer.status == 0
    assert "removed  worktree api" in answer.out
    assert f"kept     branch gitorch/{RUN}/api" in answer.out
    assert merged.run.cleaned


@pytest.mark.parametrize(
    ("options", "removed"), [((), ["worktree api"]), (("--branches",), ["worktree api", f"branch gitorch/{RUN}/api"])]
)
def test_branches_are_removed_only_with_their_option(merged, options, removed):
    values = json.loads(merged.gitorch("cleanup", *options, "--yes", "--json").out)
    assert values["removed"] == removed
    assert values["cleaned"] is True


@pytest.mark.parametrize("options", [(), ("--branches",)])
def test_a_second_cleanup_asks_nothing_and_says_that_nothing_is_left(merged, options):
    assert merged.gitorch("cleanup", "--branches", "--yes").status == 0
    answer = merged.gitorch("cleanup", *options, typed="")
    said = f"Run {RUN} was already cleaned up; there is nothing to remove here.\n"
    assert (answer.status, answer.out, answer.err) == (0, said, "")
    values = json.loads(merged.gitorch("cleanup", *options, "--json").out)
    assert (values["ok"], values["cleaned"], values["removed"], values["kept"]) == (True, True, [], [])


def test_cleanup_of_a_run_that_is_not_over_is_refused(stage):
    stage.begin_run()
    assert stage.gitorch("cleanup", "--yes").status == 4


def test_a_cleanup_says_what_is_gone_what_stays_and_who_does_the_rest(merged):
    removed, kept = ("worktree api",), ("branch b (not merged)",)
    assert runs._text(merged.run, removed, kept, done=False) == "gitorch up is running and cleans up."
    assert runs._text(merged.run, removed, kept, done=True) == f"Run {RUN} is not cleaned up yet: gitorch up"
    assert merged.gitorch("cleanup", "--yes").status == 0
    for done in (True, False):
        assert runs._text(merged.run, removed, kept, done=done).splitlines() == [
            "removed  worktree api",
            "kept     branch b (not merged)",
            f"Run {RUN} is cleaned up; its records stay in the ledger.",
        ]
