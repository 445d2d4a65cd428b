"""An escalation tells what was tried from the ledger, and the way on for its very cause (F17)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from play import Play
from question_scenes import played

from gitorch.model import commands as c
from gitorch.model import events
from gitorch.model.ids import JobId
from gitorch.model.work.review import Check
from gitorch.rules.messages.tried import missing_in, setup_hint, tried_at, way_on

API = JobId("api")


def escalated(play: Play) -> events.Escalated:
    return [event for event in play.events if isinstance(event, events.Escalated)][-1]


def launched_twice(how: str) -> Play:
    play = Play()
    play.begin({"api": ()})
    for _ in range(2):
        play.grant("api")
        play.do(c.EndSession(play.session("api"), how, None, "the last screen", ""))
    return play


@pytest.mark.parametrize(
    ("how", "way"),
    [
        ("dialog: trust", "Run scripted once in the repository and trust its folder, or set trust: true"),
        ("dialog: login", "Sign in: run scripted once in the repository."),
        ("dialog: theme", "Run scripted once in the repository and answer what it asks."),
        ("missing-program", "Install the program of scripted: gitorch doctor names the command."),
        ("not-ready", "a slow program needs a larger waits.start_seconds"),
        ("not-started", "Remove what the last screen names."),
    ],
)
def test_a_failed_launch_names_its_tries_and_the_way_on_for_its_cause(how: str, way: str) -> None:
    asked = escalated(launched_twice(how))
    assert asked.text.startswith(way_on(how, "scripted"))
    assert way in asked.text
    assert asked.text.endswith("Should api be tried again, be stopped, or should the run stop?")
    assert asked.tried == (
        f"2 sessions in the same worktree: round 1 of 3; session s1 ended: {how}; session s2 ended: {how}."
    )


def test_an_end_that_says_nothing_about_its_cause_offers_no_way() -> None:
    assert way_on("killed", "x") == way_on("exited", "x") == ""
    assert escalated(launched_twice("killed")).text.startswith("Should api be tried again")


def test_a_blocker_tells_tries_from_the_ledger_and_the_agents_words_only_as_evidence() -> None:
    play = played("plan api ui|launch api|handoff api NEEDS_CONTEXT question='Which?'|answer q1 'That one.'")
    play.submit_handoff("api", "BLOCKED", blocker="No schema", clears="A schema", summary="I tried everything")
    asked = escalated(play)
    assert asked.tried == "round 1 of 3; session s1 is at it; q1 ended: That one."
    assert asked.evidence == "what would clear it: A schema\nthe agent says: I tried everything"


def test_the_tries_of_a_job_are_its_rounds_sessions_and_tests() -> None:
    play = played("plan api|launch api|handoff api|check api failed")
    job = play.run.jobs[API]
    assert tried_at(play.run, job) == (
        f"round {job.attempt} of 3; session s1 is at it; tests at {job.checks[0].commit[:12]}: failed"
    )


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("x\nModuleNotFoundError: No module named 'requests'\ny", "ModuleNotFoundError: No module named 'requests'"),
        ("Error: Cannot find module 'left-pad'", "Error: Cannot find module 'left-pad'"),
        ("/bin/sh: 1: pytest: not found", "/bin/sh: 1: pytest: not found"),
        ("bash: tox: command not found", "bash: tox: command not found"),
        ("/usr/bin/python3: No module named pytest", "/usr/bin/python3: No module named pytest"),
        ("AssertionError: page not found in index", ""),
        ("", ""),
    ],
)
def test_a_missing_dependency_is_found_in_a_test_log(log: str, line: str) -> None:
    assert missing_in(log) == line
    assert (line in setup_hint(log), "worktrees.setup" in setup_hint(log)) == (True, bool(line))


def test_the_last_round_names_the_line_of_the_log_where_the_tests_lack_something() -> None:
    play = played("plan api ui rounds_max=1|launch api|handoff api")
    line = "ModuleNotFoundError: No module named 'x'"
    commit = play.run.jobs[API].handoff.commit
    play.do(c.RecordCheck(API, Check(commit, "make check", "failed", 1, 1.0, tail=f"E\n{line}\n")))
    asked = escalated(play)
    assert asked.text.startswith(f"The log says: {line}. A fresh worktree lacks what the tests need")
    assert asked.text.endswith("or should the run stop?")
