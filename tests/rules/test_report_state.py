"""What stands below a report when it is shown: the commands of a decision before it, and who decided after it."""

from __future__ import annotations

import pytest
from forged_scenes import proposed
from play import HOST, commit
from telling import Telling

from gitorch.model.commands import ApproveAtForge
from gitorch.model.ids import JobId
from gitorch.model.work.proposal import Claims
from gitorch.rules.views.merge_message import merge_message
from gitorch.rules.views.presence import agent_words
from gitorch.rules.views.report_state import report_state
from gitorch.rules.views.why import why

DONE = "plan api|finish api|report"
STATES = [
    (
        DONE,
        (
            "This report waits for your approval.\n"
            "  to merge exactly this:  gitorch approve play-0001\n"
            '  to send an epic back:   gitorch reject play-0001 --rework api --note "…"\n'
            '  to end the run:         gitorch reject play-0001 --note "…"'
        ),
    ),
    (f"{DONE}|approve", "This report is approved by ada (typed at a terminal); gitorch up merges it."),
    (
        f"{DONE}|approve|merge",
        "This report is approved by ada (typed at a terminal), and merged: main moved from target to merged.",
    ),
    (f"{DONE}|target-moves", "This report is no longer valid; gitorch up makes a new one."),
    (f"{DONE}|reject no", "This report is no longer valid; run play-0001 is canceled."),
    (f"{DONE}|cancel enough", "This report was not approved; run play-0001 is canceled."),
    (
        "plan api|finish api|report conflict=a.py",
        "This report cannot be approved: its branches do not merge. Decide: gitorch inbox play-0001",
    ),
]


def told(script: str) -> Telling:
    telling = Telling()
    for step in script.split("|"):
        telling.tell(step)
    return telling


@pytest.mark.parametrize(("script", "state"), STATES)
def test_a_report_is_shown_with_who_may_decide_or_decided(script: str, state: str) -> None:
    telling = told(script)
    assert telling.readable(report_state(telling.play.run)) == state


ENDS = [
    ("judge api.quality accept", ""),
    ("judge api.quality accept_with_findings minor b.py:1 typo", "; findings: 1 left as it is"),
]


@pytest.mark.parametrize(("verdict", "ends"), ENDS)
def test_why_counts_how_the_findings_of_an_epic_ended(verdict: str, ends: str) -> None:
    script = "plan api|launch api|handoff api|check api passed|review api.spec accept|launch api.quality"
    run = told(f"{script}|{verdict}").play.run
    assert why(run, run.jobs[JobId("api")]).partition(" in round 1")[2] == ends


def test_why_counts_a_finding_of_an_earlier_round_that_was_deferred() -> None:
    first = "plan api|launch api|handoff api|check api passed|review api.spec needs_revision minor a.py:1 long"
    second = "launch api|handoff api reply=1:deferred:later|answer q1 defer later|check api passed"
    run = told(f"{first}|{second}|review api.spec accept|review api.quality accept").play.run
    assert why(run, run.jobs[JobId("api")]).endswith("in round 2; findings: 1 deferred")


def test_a_merge_commit_names_its_author_and_each_verdict() -> None:
    run = told("plan api|finish api").play.run
    trailers = merge_message(run, run.jobs[JobId("api")]).rstrip("\n").rpartition("\n\n")[2].splitlines()
    assert trailers[3:] == [
        "Gitorch-Author: s1 (scripted)",
        "Gitorch-Review: api.spec by s2 (scripted): accept",
        "Gitorch-Review: api.quality by s3 (scripted): accept",
    ]


@pytest.mark.parametrize(("script", "word"), [("grant api", "starting"), ("grant api|alive s1", "unknown")])
def test_an_agent_that_was_seen_alive_is_not_starting_when_nothing_of_it_is_found(script: str, word: str) -> None:
    assert agent_words(told(f"plan api|{script}").play.run, {}) == {"s1": word}


@pytest.mark.parametrize(
    ("outcome", "words"), [("failed", "failed in"), ("timeout", "timeout in"), ("timed-out", "timed out after 1 s in")]
)
def test_a_last_round_whose_tests_did_not_pass_is_told_by_its_tests(outcome: str, words: str) -> None:
    run = told(f"plan api rounds_max=1|launch api|handoff api|check api {outcome}").play.run
    (question,) = run.open_questions()
    assert question.happened.startswith(f"The tests of api {words} round 1 of 1, at ")
    assert why(run, run.jobs[JobId("api.spec")]).startswith(f"the tests of api {words.removesuffix(' in')}")


def test_a_proposed_report_names_its_pull_request_and_an_approved_one_what_is_not_proven() -> None:
    play = proposed()
    line = "It is proposed as a pull request: gitorch/proposals/play-0001 at origin, whose merge approves it."
    assert report_state(play.run).splitlines()[1] == line
    claims = Claims("gh pr view", "2026-11-28T12:00:00.000Z", "ann")
    play.do(ApproveAtForge(commit("proposal"), commit("merge"), "forge", claims), HOST)
    first, second = report_state(play.run).splitlines()
    assert first.endswith("(signed by the forge: forge); gitorch up merges it.")
    assert second.startswith("Not proven: merged by ann (claimed by gh pr view at 2026-11-28T12:00:00.000Z;")
