"""The gate: verdicts that contradict themselves, the one list with its numbers, and the order of the stages."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from play import PARALLEL, SETTINGS, Play, commit, finding

from gitorch.model.ids import JobId
from gitorch.model.work.job import JobPhase
from gitorch.model.work.review import Check, Choice, Disposition, ListedFinding, Reply, Severity
from gitorch.rules.review.findings import list_findings
from gitorch.rules.review.gates import settle, verdict_contradiction
from gitorch.rules.review.replies import is_refuted

MINOR, NOTE, IMPORTANT, BLOCKING = (finding(s) for s in ("minor", "note", "important", "blocking"))
JUDGEMENTS = [
    (Choice.ACCEPT, (), ""),
    (Choice.ACCEPT, (NOTE,), "accept carries no findings; use accept_with_findings, or needs_revision"),
    (Choice.ACCEPT_WITH_FINDINGS, (MINOR, NOTE), ""),
    (Choice.ACCEPT_WITH_FINDINGS, (), "accept_with_findings names no finding; use accept"),
    (
        Choice.ACCEPT_WITH_FINDINGS,
        (MINOR, IMPORTANT),
        "findings of severity important fail the gate; the verdict for them is needs_revision",
    ),
    (
        Choice.ACCEPT_WITH_FINDINGS,
        (BLOCKING,),
        "findings of severity blocking fail the gate; the verdict for them is needs_revision",
    ),
    (Choice.NEEDS_REVISION, (BLOCKING,), ""),
    (Choice.NEEDS_REVISION, (NOTE,), ""),
    (Choice.NEEDS_REVISION, (), "needs_revision names no finding; say what must change"),
    (Choice.REJECT, (), ""),
    (Choice.REJECT, (BLOCKING,), ""),
]


@pytest.mark.parametrize(("choice", "findings", "why"), JUDGEMENTS)
def test_a_verdict_that_contradicts_its_findings_is_named(choice, findings, why) -> None:
    assert verdict_contradiction(choice, findings) == why


def handed_in(settings=SETTINGS, *, checked: str = "passed") -> Play:
    play = Play()
    play.begin({"api": ()}, settings)
    play.launch("api")
    play.submit_handoff("api")
    if checked:
        play.check("api", checked)
    return play


def told(play: Play) -> list[str]:
    return [type(event).__name__ for event in play.events]


def test_the_list_is_ordered_by_severity_then_path_then_line() -> None:
    play = handed_in()
    play.launch("api.spec")
    found = (
        finding("note", "n", "a.py", 1),
        finding("blocking", "b2", "b.py", 9),
        finding("blocking", "b1", "b.py", 2),
        finding("important", "i", "a.py", 5),
        finding("minor", "m", "", 0),
        finding("blocking", "b0", "a.py", 7),
    )
    play.judge("api.spec", "needs_revision", found)
    listed = play.run.jobs["api"].findings
    assert [(x.number, x.finding.title) for x in listed] == list(enumerate(("b0", "b1", "b2", "i", "m", "n"), 1))
    assert {x.review for x in listed} == {"api.spec"}


NUMBERS = [
    ("named by the reviewer", finding("blocking", "in other words", "z.py", number=2), 2),
    ("the same words about the same path", finding("minor", "two", "b.py", 99), 2),
    ("the same words about another path", finding("blocking", "two", "z.py"), 3),
    ("a number that was never given", finding("blocking", "new", "z.py", number=40), 3),
    ("something new", finding("blocking", "new", "z.py"), 3),
]


@pytest.mark.parametrize(("raised", "number"), [case[1:] for case in NUMBERS], ids=[case[0] for case in NUMBERS])
def test_a_finding_keeps_its_number(raised, number) -> None:
    play = handed_in()
    play.review("api.spec", "needs_revision", (finding(title="one"), finding(title="two", path="b.py")))
    play.launch("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    play.check("api")
    play.review("api.spec", "needs_revision", (raised,))
    assert [x.number for x in play.run.jobs["api"].findings if x.open] == [number]


def test_a_list_names_each_number_once() -> None:
    play = handed_in()
    play.review("api.spec", "needs_revision", (finding(title="one"),))
    play.launch("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    play.check("api")
    play.review("api.spec", "needs_revision", (finding("minor", "x", number=1), finding("blocking", "y", number=1)))
    assert [(x.number, x.finding.title) for x in play.run.jobs["api"].findings] == [(1, "y")]


def both(*found) -> list[tuple[int, str, str, str]]:
    """The list of a round in which two reviewers side by side raised the first and the second finding."""
    play = handed_in(PARALLEL)
    play.review("api.spec", "needs_revision", found[:1])
    play.review("api.quality", "needs_revision", found[1:])
    listed = play.run.jobs["api"].findings
    return [(x.number, x.finding.title, " ".join((x.review, *x.also)), x.finding.detail) for x in listed]


TWINS = [
    ("the same words and line", finding(title="No test"), finding(title="no test!"), 1),
    ("much the same words at the same line", finding(title="The error is dropped"), finding(title="error dropped"), 1),
    ("other words at the same line", finding(title="No test"), finding(title="A race"), 2),
    ("the same words at another line", finding(title="typo", line=1), finding(title="typo", line=9), 2),
    ("the same words, one of them about the file", finding(title="No test"), finding(title="No test", line=0), 1),
    ("the same words about another file", finding(title="No test"), finding(title="No test", path="b.py"), 2),
    (
        "much the same words about no file",
        finding(title="no docs", path="", line=0),
        finding(title="docs", path="", line=0),
        2,
    ),
]


@pytest.mark.parametrize(("one", "other", "entries"), [case[1:] for case in TWINS], ids=[case[0] for case in TWINS])
def test_a_finding_of_two_reviewers_is_listed_once_with_both_names(one, other, entries: int) -> None:
    listed = both(one, other)
    assert len(listed) == entries
    names = [sorted(names.split()) for _, _, names, _ in listed]
    assert names == ([["api.quality", "api.spec"]] if entries == 1 else [["api.spec"], ["api.quality"]])


def test_the_more_severe_finding_leads_and_keeps_the_other_one_s_details() -> None:
    listed = both(
        finding("minor", "No check", detail="Line 1"), finding("blocking", "No check at all", detail="Anyone")
    )
    assert listed == [(1, "No check at all", "api.quality api.spec", "Anyone\napi.spec adds: No check: Line 1")]


def test_two_findings_with_one_title_keep_their_numbers_when_lines_move() -> None:
    play = handed_in()
    play.review("api.spec", "needs_revision", (finding(title="typo", line=3), finding(title="typo", line=9)))
    play.launch("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    play.check("api")
    play.review("api.spec", "needs_revision", (finding(title="typo", line=2), finding(title="typo", line=9)))
    open_now = [(x.number, x.finding.line) for x in play.run.jobs["api"].findings if x.open]
    assert open_now == [(1, 2), (2, 9)]


def test_failed_tests_are_listed_beside_the_author_s_claim() -> None:
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    play.submit_handoff("api", tests_claimed="all 212 passed")
    play.check("api", "failed")
    seen = f"gitorch ran it: failed after 1.0 s on a clean checkout of {commit('api-1')[:12]}."
    assert play.run.jobs["api"].findings[0].finding.detail == f"You reported: all 212 passed\n{seen}\ntail"


def test_a_test_command_without_its_program_is_reported_as_such() -> None:
    told = Check(commit("api-1"), "nope", "failed", 127, 0.1).summary
    assert told.startswith("failed with status 127 (program not found) after 0.1 s")


SEEN = f"gitorch ran it: failed after 1.0 s on a clean checkout of {commit('api-1')[:12]}.\ntail"


def test_failing_tests_are_a_blocking_finding_with_the_end_of_their_output() -> None:
    play = handed_in(checked="failed")
    assert play.run.jobs["api"].findings == (
        ListedFinding(1, finding("blocking", "The test command failed: make check", "", 0, detail=SEEN), "tests", 1),
    )


@pytest.mark.parametrize("outcome", ["failed", "timed-out", "not-run"])
def test_every_test_outcome_but_a_pass_sends_work_back(outcome: str) -> None:
    assert told(handed_in(checked=outcome))[-1] == "FindingsListed"


@pytest.mark.parametrize("kind", ["sequential", "parallel"])
def test_review_stages_run_in_order_or_side_by_side(kind: str) -> None:
    play = handed_in(PARALLEL if kind == "parallel" else SETTINGS)
    phases = [play.run.jobs[f"api.{role}"].phase for role in ("spec", "quality")]
    assert phases == [JobPhase.QUEUED, JobPhase.QUEUED if kind == "parallel" else JobPhase.BLOCKED]


def test_a_list_waits_for_all_reviews_that_run_side_by_side() -> None:
    play = handed_in(PARALLEL)
    play.review("api.spec", "needs_revision", (BLOCKING,))
    assert settle(play.run, play.run.jobs["api"]) == ()
    play.review("api.quality", "accept")
    assert told(play)[-1] == "FindingsListed"


def test_the_second_stage_adds_to_the_findings_of_the_first() -> None:
    play = handed_in()
    play.review("api.spec", "accept_with_findings", (finding("minor", "typo"),))
    play.review("api.quality", "needs_revision", (finding("blocking", "race"),))
    listed = [(x.number, x.finding.title, x.review) for x in play.run.jobs["api"].findings]
    assert listed == [(1, "race", "api.quality"), (2, "typo", "api.spec")]


def test_work_without_a_test_command_goes_to_its_reviewers_at_once() -> None:
    play = handed_in(replace(SETTINGS, test_command=""), checked="")
    assert play.run.jobs["api.spec"].phase is JobPhase.QUEUED


def test_verdicts_of_an_earlier_round_do_not_open_a_gate() -> None:
    play = handed_in()
    play.review("api.spec", "accept")
    play.review("api.quality", "needs_revision", (BLOCKING,))
    play.launch("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    play.check("api")
    play.review("api.spec", "accept")
    assert play.run.jobs["api"].phase is JobPhase.SUBMITTED
    play.review("api.quality", "accept")
    assert play.run.jobs["api"].cleared == commit("api-2")


def test_work_accepted_with_findings_keeps_them_listed() -> None:
    play = handed_in()
    play.review("api.spec", "accept")
    play.review("api.quality", "accept_with_findings", (finding("minor", "a long name"),))
    listed = play.run.jobs["api"].findings
    assert [(x.finding.title, x.open, x.waived) for x in listed] == [("a long name", True, False)]


def test_findings_that_a_human_accepted_are_waived() -> None:
    play = handed_in(replace(SETTINGS, rounds_max=1))
    play.review("api.spec", "needs_revision", (finding(title="race"),))
    play.answer("q1", "accept_with_exceptions", "a known gap")
    listed = play.run.jobs["api"].findings
    assert [(x.finding.title, x.open, x.waived) for x in listed] == [("race", False, True)]


def test_a_list_names_its_round_and_its_commit() -> None:
    play = handed_in(replace(SETTINGS, rounds_max=1))
    play.review("api.spec", "needs_revision", (finding(),))
    listed = list_findings(play.run, play.run.jobs[JobId("api")])
    assert (listed.round, listed.commit) == (1, commit("api-1"))
    assert listed.findings[0].finding.severity is Severity.BLOCKING


def test_a_fix_in_the_newest_commit_is_kept_with_its_id():
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    play.review("api.spec", "needs_revision", (finding(),))
    play.launch("api")
    play.submit_handoff("api", replies=(Reply(1, Disposition.FIXED, "in HEAD"),))

    handoff = play.run.jobs[JobId("api")].handoff
    assert handoff.replies[0].evidence == f"in {commit('api-2')}"


def test_only_a_finding_that_its_author_called_a_false_positive_is_refuted():
    play = handed_in()
    play.review("api.spec", "needs_revision", (finding(title="one"), finding(title="two"), finding(title="three")))
    play.launch("api")
    play.submit_handoff(
        "api",
        replies=(
            Reply(1, Disposition.FALSE_POSITIVE, "t.py"),
            Reply(2, Disposition.FIXED, "in HEAD"),
            Reply(3, Disposition.DEFERRED, "not now"),
        ),
    )
    job = play.run.jobs[JobId("api")]
    assert [is_refuted(job, listed) for listed in job.findings] == [True, False, False]
    assert not is_refuted(job, replace(job.findings[0], number=9)), "without a reply"


def began() -> Play:
    play = Play()
    play.begin({"api": ()})
    return play


def test_what_a_human_decides_about_stands_in_the_question():
    """The place and detail of each finding, and the end of the output of tests that failed."""
    play = began()
    for _ in range(3):
        play.launch("api")
        play.submit_handoff("api", replies=play.fixed("api"))
        play.check("api")
        play.review(
            "api.spec",
            "needs_revision",
            (finding(line=2, detail="Declare it.\nIn the header."), finding(title="It is slow", path="")),
        )
    shown = re.sub(r"^#\d+ ", "", play.events[-1].evidence, flags=re.MULTILINE)
    assert shown == "blocking: It is slow\nblocking a.py:2: It is wrong\n  Declare it.\n  In the header."
    play = began()
    for _ in range(3):
        play.launch("api")
        play.submit_handoff("api", replies=play.fixed("api"))
        play.check("api", "failed", tail="".join(f"line {number}\n" for number in range(100)))
    first, *rest = play.events[-1].evidence.splitlines()
    assert (first, rest) == (
        "#1 blocking: The test command failed: make check",
        [f"  line {number}" for number in range(80, 100)],
    )
