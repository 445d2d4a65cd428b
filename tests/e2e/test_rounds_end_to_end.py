"""Work that goes back: findings, failing tests, rounds that run out, verdicts that do not count, work that moves.

One run with an epic for each story, so that a few agents pay for many facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = pytest.mark.tmux

EPICS = ("revised", "untested", "stubborn", "critic", "moved")
SCRIPT = """
[[turn]]
job = "revised.spec"
attempt = 1
[[turn.step]]
verdict = "needs_revision"
summary = "Not yet."
findings = [
  {severity = "minor", title = "A name could be better", path = "revised/01-write-what-revised-asks-for.md", line = 1},
  {severity = "critical", title = "It says nothing", path = "revised/01-write-what-revised-asks-for.md", line = 999},
]

[[turn]]
job = "untested"
attempt = 1
[[turn.step]]
write = "FAILS"
text = "yes"
[[turn.step]]
commit = "Break the tests"
[[turn.step]]
lie_about_tests = "all 212 tests passed"

[[turn]]
job = "untested"
[[turn.step]]
delete = "FAILS"
[[turn.step]]
commit = "Mend the tests"
[[turn.step]]
handoff = "DONE"
tests = "they pass now"

[[turn]]
job = "stubborn.spec"
[[turn.step]]
verdict = "needs_revision"
findings = [{severity = "important", title = "Still wrong", path = "stubborn/01-write-what-stubborn-asks-for.md", line = 1}]

[[turn]]
job = "critic"
[[turn.step]]
write = "critic.md"
text = "My own work."
[[turn.step]]
commit = "Write it"
[[turn.step]]
judge_own_work = "accept"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "critic.spec"
[[turn.step]]
stale_verdict = "accept"
[[turn.step]]
bad_nonce = "accept"
[[turn.step]]
verdict = "accept"

[[turn]]
job = "moved"
attempt = 1
[[turn.step]]
write = "moved.md"
text = "First."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"
[[turn.step]]
commit_after_report = "One more thing"
"""


@pytest.fixture(scope="module")
def rounds(home_of_runs: House) -> House:
    """A run that went as far as it goes before anybody is asked about the epic that never gets better."""
    house = home_of_runs
    house.configure(SCRIPT, tests="test ! -e FAILS", agents=5)
    house.start(*EPICS)
    house.up()
    return house


def test_findings_go_back_as_one_list_by_severity_and_each_is_answered(rounds: House) -> None:
    (listed,) = rounds.records("findings-listed", job="revised")
    first, second = listed["findings"]
    assert [(x["number"], x["finding"]["severity"]) for x in (first, second)] == [(1, "blocking"), (2, "minor")]
    again = rounds.records("handoff-submitted", job="revised")[1]
    assert [(r["number"], r["disposition"]) for r in again["replies"]] == [(1, "fixed"), (2, "fixed")]
    assert again["session"] == rounds.records("handoff-submitted", job="revised")[0]["session"]
    assert [v["verdict"] for v in rounds.records("verdict-given", subject="revised")] == ["needs_revision", "accept"]


def test_a_finding_on_a_line_that_does_not_exist_is_flagged_before_it_is_forwarded(rounds: House) -> None:
    (listed,) = rounds.records("findings-listed", job="revised")
    cited = [(x["finding"]["line"], x["finding"].get("doubt", "")) for x in listed["findings"]]
    assert cited == [(999, "the file has 1 line at that commit"), (1, "")]
    (prompt,) = rounds.worktrees.glob("*/revised/.gitorch/inbox/*-findings.md")
    assert "999 (doubtful: the file has 1 line at that commit): It says nothing" in prompt.read_text(encoding="utf-8")


def test_tests_that_fail_at_the_gate_are_a_finding_whatever_the_agent_claims(rounds: House) -> None:
    first, second = rounds.records("handoff-submitted", job="untested")
    assert first["tests_claimed"] == "all 212 tests passed"
    checks = [(c["check"]["commit"], c["check"]["outcome"]) for c in rounds.records("check-recorded", job="untested")]
    assert checks == [(first["commit"], "failed"), (second["commit"], "passed")]
    (listed,) = rounds.records("findings-listed", job="untested")
    assert [x["review"] for x in listed["findings"]] == ["tests"]
    judged = [v["commit"] for v in rounds.records("verdict-given", subject="untested")]
    assert judged == [second["commit"]], "a reviewer was asked about work whose tests fail"


def test_a_verdict_counts_only_for_its_commit_with_its_nonce_and_not_on_own_work(rounds: House) -> None:
    refused = rounds.records("action-refused", verb="verdict")
    assert [(r["_actor"]["name"], r["code"]) for r in refused] == [
        ("critic", "denied"),
        ("critic.spec", "refused"),
        ("critic.spec", "refused"),
    ]
    own, stale, nonce = (r["reason"] for r in refused)
    assert "own work" in own
    assert "names" in stale
    assert "nonce" in nonce
    assert len(rounds.records("verdict-given", subject="critic")) == 1


def test_commits_after_the_report_void_it_and_begin_a_round(rounds: House) -> None:
    (voided,) = rounds.records("work-voided", job="moved")
    first, second = rounds.records("handoff-submitted", job="moved")
    assert voided["expected"] == first["commit"]
    assert second["attempt"] == 2
    (passed,) = rounds.records("gate-passed", job="moved")
    assert passed["commit"] == second["commit"]
    assert voided["found"] in rounds.repo.git("rev-list", second["commit"]).split()


def test_a_reviewer_is_a_fresh_session_each_round_and_never_the_author(rounds: House) -> None:
    reviewers = [v["session"] for v in rounds.records("verdict-given", subject="stubborn")]
    authors = {h["session"] for h in rounds.records("handoff-submitted", job="stubborn")}
    assert len(authors) == 1
    assert len(reviewers) == len(set(reviewers)) == 3
    assert not authors & set(reviewers)


def test_an_agent_is_told_that_its_work_is_cleared(rounds: House) -> None:
    told = {d["job"] for d in rounds.records("prompt-delivered", kind="cleared")}
    assert told == {"revised", "untested", "critic", "moved"}


def test_rounds_that_run_out_are_put_to_the_principal_who_accepts_with_exceptions(rounds: House) -> None:
    (asked,) = rounds.records("escalated", job="stubborn")
    assert asked["trigger"] == "rounds:stubborn:3"
    assert "Still wrong" in asked["evidence"]
    assert [x["findings"][0]["number"] for x in rounds.records("findings-listed", job="stubborn")] == [1, 1]
    question = rounds.question(job="stubborn", kind="escalation")
    assert rounds("answer", question, "whatever", status=2).text.count("one_more_round") >= 1
    rounds("answer", question, "accept_with_exceptions", "We", "can", "live", "with", "it.")
    rounds.up()
    (passed,) = rounds.records("gate-passed", job="stubborn")
    assert passed["waived"] is True
    rounds("approve", "--yes")
    for epic in EPICS:
        (cleared,) = rounds.records("gate-passed", job=epic)
        assert rounds.repo.git("merge-base", "--is-ancestor", cleared["commit"], "main") == ""
    assert "with exceptions" in rounds("report").out.lower() or "waived" in rounds("report").out.lower()
