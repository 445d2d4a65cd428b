"""Driving: two runs at once, one `up` a repository, holding a run and ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import Epic, house
from waiting import LIMIT_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/app/test_ticking.py, tests/app/test_shared_ticks.py

SCRIPT = """
[[turn]]
job = "endless"
[[turn.step]]
write = "endless.md"
text = "Never finished."
[[turn.step]]
run = "setsid sleep 10000 & sleep 10000"
"""


def test_two_runs_at_once_one_up_pause_resume_and_cancel(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.configure(SCRIPT)
        held = home.start("short", title="Held")
        assert f"run {held} already works on exactly this plan" in home("start", "Held.md", "--yes", status=4).err
        home("pause", held, status=4)
        home("up", "--once")
        home("pause", held, "--reason", "release freeze")
        ended = home.start("endless", title="Ended")
        up = home.up_beside("--wait")
        home.until(lambda: home.phase("endless", ended) == "running", "the endless epic at work")
        home.until(lambda: [p for p in home.processes() if "sleep 10000" in p], "what it has started")

        assert "gitorch status" in home("up", status=9).err
        home.until(
            lambda: home.records("handoff-submitted", job="short"), "an agent at work hands in while its run is paused"
        )
        assert home.status(held)["phase"] == "paused"
        assert not home.records("lease-granted", job="short.spec"), "nothing is begun in a run that is paused"
        home("resume", held)
        home.until(lambda: home.records("report-issued"), "the other run's report")

        assert home("cancel", ended, "--reason", "it was wrong", "--json").json["left_to_up"] is True
        home.until(lambda: not [p for p in home.processes() if "sleep 10000" in p or "scripted" in p], "the end of all")
        assert home.status(ended)["phase"] == "canceled"
        assert home.repo.git("branch", "--list", "gitorch/*/endless"), "the branch is kept"

        approved = home("approve", held, "--yes", "--json").json
        # `up` may have merged and ended before the verb looks whether it runs.
        assert approved["left_to_up"] or approved["merged"], approved
        home.until(lambda: home.status(held)["phase"] == "completed", "the merge by the other process")
        home("cleanup", ended, "--yes")
        home("cleanup", held, "--branches", "--yes")
        assert up.wait(timeout=LIMIT_SECONDS) == 0, "up ends when everything is settled"
        assert (home.worktrees / ended / "endless" / "endless.md").exists(), "uncommitted work is never removed"
        assert [folder.name for folder in home.worktrees.iterdir()] == [ended]


def test_a_plan_that_is_refused_leaves_nothing_but_the_record(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home("init", "--runtime", "scripted", "--tests", "true")
        plan = home.plan(Epic("a", ("b",)), Epic("b", ("a",)), Epic("c", ("nobody",)))
        refs, records = home.repo.git("for-each-ref", "refs/heads/main"), len(home.records())
        checked = home("check", plan, status=6)
        assert len(home.records()) == records, "check leaves no record"
        started = home("start", plan, "--yes", status=6)
        assert started.err == checked.err
        assert "a → b → a" in started.err or "b → a → b" in started.err
        assert started.err.count("plan.md:") >= 2, "all defects at once"
        (refused,) = home.records("plan-rejected")
        assert refused["text"].startswith("Plan validation failed. Missing: ")
        assert len(refused["failures"]) >= 2
        assert home.repo.git("for-each-ref", "refs/heads/main") == refs
        assert not home.worktrees.exists()
        assert home.processes() == []
        assert home("up", status=0).out.startswith("No run is open.")


def test_nobody_is_asked_without_a_terminal_and_nothing_is_done(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home("init", "--runtime", "scripted", "--tests", "true")
        plan = home.plan("a")
        records = len(home.records())
        assert "--yes" in home("start", plan, status=2).err
        assert "full_auto" in home("start", plan, "--autonomy", "full_auto", "--yes", status=2).err
        assert len(home.records()) == records
