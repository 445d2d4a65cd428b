"""Agents that do not come up, and one that dies at work: retried once, told apart, and put to the principal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from house import house

if TYPE_CHECKING:
    from pathlib import Path

    from house import House

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/app/test_launching.py, tests/rules/test_readiness.py

SCRIPT = """
[[boot]]
job = "deaf"
[[boot.step]]
no_prompt = true

[[boot]]
job = "asked"
[[boot.step]]
dialog = "trust"

[[boot]]
job = "leaving"
[[boot.step]]
boot_exit = 3

[[turn]]
job = "dying"
[[turn.step]]
write = "dying.md"
text = "Half."
[[turn.step]]
commit = "Write the first half"
[[turn.step]]
crash = "KILL"
once = true
[[turn.step]]
expect = "Already on your branch[^#]*Write the first half"
[[turn.step]]
append = "dying.md"
text = " And the other half."
[[turn.step]]
commit = "Write the second half"
[[turn.step]]
handoff = "DONE"
"""
BROKEN = ("deaf", "asked", "leaving")


@pytest.fixture(scope="module")
def launches(home_of_runs: House) -> House:
    """A run in which three of four agents never come up."""
    house = home_of_runs
    house.configure(SCRIPT, start=6)
    house.start(*BROKEN, "dying")
    house.up()
    return house


@pytest.mark.parametrize(("job", "how"), [("deaf", "not-ready"), ("leaving", "exited")])
def test_a_launch_that_fails_is_tried_once_more_and_then_escalated(launches: House, job: str, how: str) -> None:
    assert [e["how"] for e in launches.records("session-ended", job=job)] == [how, how]
    (asked,) = launches.records("escalated", job=job)
    assert asked["trigger"] == f"launch:{job}:1"
    assert how in asked["happened"]
    assert asked["options"] == ["retry", "stop_epic", "stop_run"]
    assert not launches.records("session-alive", job=job)


def test_a_dialog_at_the_start_is_a_question_with_its_choices_and_no_key_was_pressed_in_it(launches: House) -> None:
    (asked,) = launches.records("escalated", job="asked")
    assert asked["trigger"].startswith("dialog:")
    assert asked["options"][-3:] == ["retry", "stop_epic", "stop_run"]
    assert not launches.records("session-ended", job="asked")
    assert "Do you trust the files in this folder?" in asked["evidence"]
    assert list(launches.worktrees.rglob("dialog.jsonl")) == []


def test_an_agent_that_is_killed_at_work_is_started_again_with_what_it_had_committed(launches: House) -> None:
    (died,) = launches.records("session-ended", job="dying", how="exited")[:1]
    assert died["exit_status"] == 128 + 9
    (handed,) = launches.records("handoff-submitted", job="dying")
    assert handed["session"] != died["session"]
    assert launches.repo.git("show", f"{handed['commit']}:dying.md") == "Half.\n And the other half."
    assert handed["commits"] == 2


def test_the_others_go_on_and_an_epic_can_be_stopped(launches: House) -> None:
    for job in BROKEN:
        launches("answer", launches.question(job=job), "stop_epic")
    launches.up()
    assert [launches.phase(job) for job in BROKEN] == ["failed"] * 3
    (report,) = launches.records("report-issued")
    assert [b["job"] for b in report["branches"]] == ["dying"]
    launches("approve", "--yes")
    assert launches.repo.git("ls-tree", "-r", "--name-only", "main").split() == ["README.md", "dying.md"]


def test_a_program_that_is_gone_is_its_own_answer_and_nothing_is_concluded_from_an_exit(tmp_path: Path) -> None:
    program = tmp_path / "agent"
    program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    program.chmod(0o755)
    with house(tmp_path / "house") as home:
        home.configure(command=json.dumps([str(program)]))
        home.start("lonely")
        program.unlink()
        home.up()
        assert [e["how"] for e in home.records("session-ended")] == ["missing-program"] * 2
        assert home("check", "Some work.md", status=6).text.count("not on PATH") == 1
        program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
        program.chmod(0o755)
        home("answer", home.question(job="lonely"), "retry")
        home.up()
        last = home.records("session-ended")[-1]
        assert (last["how"], last["exit_status"]) == ("exited", 0)
        assert not home.records("handoff-submitted")
        home("answer", home.question(job="lonely"), "stop_run")
        assert home.status()["phase"] == "canceled"
