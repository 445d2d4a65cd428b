"""One run from plan to merge, and the ways back, by the rules alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from play import HUMAN, PARALLEL, PER_EPIC, Play, commit, finding

from gitorch.errors import Denied, Refused
from gitorch.model import commands as c
from gitorch.model import events as e
from gitorch.model.ids import JobId
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import Answer
from gitorch.model.work.run import RunPhase
from gitorch.rules.evolving.transitions import with_job
from gitorch.rules.review.gates import settle

TWO = {"api": (), "ui": ("api",)}


def played(needs=TWO, **settings) -> Play:
    play = Play()
    play.begin(needs, **settings)
    return play


def names(events) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_run_goes_from_plan_to_merge():
    play = played()
    assert play.run.jobs["ui"].phase is JobPhase.BLOCKED
    play.finish("api")
    assert play.run.jobs["api"].cleared == commit("api-1")
    assert play.run.jobs["ui"].phase is JobPhase.QUEUED
    play.finish("ui")
    assert play.run.jobs["approval"].phase is JobPhase.WAITING_HUMAN
    play.report()
    play.approve()
    assert names(play.merge()) == ["Merged", "RunCompleted", "QuestionAsked"]
    assert play.run.phase is RunPhase.COMPLETED


def test_a_revision_goes_back_to_the_same_session_and_all_stages_judge_again():
    play = played()
    play.launch("api")
    author = play.session("api")
    play.submit_handoff("api")
    play.check("api")
    play.launch("api.spec")
    assert names(play.judge("api.spec", "needs_revision", (finding(),))) == ["VerdictGiven", "FindingsListed"]
    assert play.run.jobs["api"].attempt == 2
    play.launch("api")
    assert play.session("api") == author
    with pytest.raises(Refused, match="#1"):
        play.submit_handoff("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    play.check("api")
    play.review("api.spec")
    play.review("api.quality")
    assert play.run.jobs["api"].cleared == commit("api-2")


def test_quality_waits_for_compliance_unless_reviews_are_parallel():
    one, both = played(), played(settings=PARALLEL)
    for play in (one, both):
        play.launch("api")
        play.submit_handoff("api")
        assert play.run.jobs["api.spec"].phase is JobPhase.BLOCKED
        play.check("api")
        assert play.run.jobs["api.spec"].phase is JobPhase.QUEUED
    assert one.run.jobs["api.quality"].phase is JobPhase.BLOCKED
    assert both.run.jobs["api.quality"].phase is JobPhase.QUEUED


def test_parallel_reviews_give_one_list_ordered_by_severity_then_path():
    play = played(settings=PARALLEL)
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    play.launch("api.spec")
    play.launch("api.quality")
    minor, late = finding("minor", "typo", "b.py"), finding("blocking", "wrong", "z.py")
    assert names(play.judge("api.spec", "needs_revision", (minor, late))) == ["VerdictGiven"]
    happened = play.judge("api.quality", "needs_revision", (finding("blocking", "leak", "a.py"),))
    listed = happened[1].findings
    assert [(x.number, x.finding.title) for x in listed] == [(1, "leak"), (2, "wrong"), (3, "typo")]


def test_numbers_are_stable_over_rounds():
    play = played()
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    play.review("api.spec", "needs_revision", (finding(title="one"), finding(title="two", path="b.py")))
    play.launch("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    play.check("api")
    play.review("api.spec", "needs_revision", (finding(title="new", path="0.py"), finding(title="two", path="b.py")))
    assert {x.finding.title: x.number for x in play.run.jobs["api"].findings} == {"one": 1, "two": 2, "new": 3}
    assert [x.number for x in play.run.jobs["api"].findings if x.open] == [2, 3]


def test_after_the_last_round_a_human_decides():
    play = played()
    for _ in range(3):
        play.launch("api")
        play.submit_handoff("api", replies=play.fixed("api"))
        play.check("api")
        play.review("api.spec", "needs_revision", (finding(),))
    assert isinstance(play.events[-1], e.Escalated)
    assert play.run.jobs["api"].phase is JobPhase.SUBMITTED
    happened = play.answer("q1", "accept_with_exceptions", "a known gap")
    assert names(happened) == ["QuestionAnswered", "GatePassed"]
    assert happened[1].waived


def test_one_more_round_is_one_more():
    play = played()
    for _ in range(3):
        play.launch("api")
        play.submit_handoff("api", replies=play.fixed("api"))
        play.check("api")
        play.review("api.spec", "needs_revision", (finding(),))
    assert names(play.answer("q1", "one_more_round")) == ["QuestionAnswered", "FindingsListed"]
    assert play.run.jobs["api"].attempt == 4
    play.launch("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    play.check("api")
    play.review("api.spec", "needs_revision", (finding(),))
    assert names(play.events[-1:]) == ["Escalated"]


def test_failing_tests_go_back_without_asking_reviewers():
    play = played()
    play.launch("api")
    play.submit_handoff("api", tests_claimed="all green")
    assert names(play.check("api", "failed")) == ["CheckRecorded", "FindingsListed"]
    assert play.run.jobs["api.spec"].phase is JobPhase.BLOCKED


def test_a_concern_keeps_the_gate_closed_until_it_is_answered():
    play = played()
    play.launch("api")
    play.submit_handoff("api", "DONE_WITH_CONCERNS", concerns=("slow on large input",))
    play.check("api")
    play.review("api.spec")
    play.review("api.quality")
    assert play.run.jobs["api"].cleared is None
    assert names(play.answer("q1", "accept")) == ["QuestionAnswered", "GatePassed"]


def test_a_concern_pushed_back_is_a_finding():
    play = played()
    play.launch("api")
    play.submit_handoff("api", "DONE_WITH_CONCERNS", concerns=("slow",))
    assert names(play.answer("q1", "push_back", "make it fast")) == ["QuestionAnswered"]
    assert "FindingsListed" in names(play.check("api"))


def test_questions_pause_the_job_and_answers_set_it_going_again():
    play = played()
    play.launch("api")
    play.submit_handoff("api", "NEEDS_CONTEXT", questions=("tabs?", "or spaces?"))
    assert play.run.jobs["api"].phase is JobPhase.WAITING_HUMAN
    play.answer("q1", text="tabs")
    assert play.run.jobs["api"].phase is JobPhase.WAITING_HUMAN
    play.answer("q2", text="no")
    assert play.run.jobs["api"].phase is JobPhase.RUNNING
    play.told("api")
    play.submit_handoff("api")
    assert play.run.jobs["api"].phase is JobPhase.SUBMITTED


def test_a_dead_agent_is_replaced_in_the_same_attempt():
    play = played()
    play.launch("api")
    first = play.session("api")
    play.do(c.EndSession(first, "killed", None, "last words"))
    assert play.run.jobs["api"].phase is JobPhase.QUEUED
    play.launch("api")
    assert play.session("api") != first
    assert (play.run.jobs["api"].attempt, play.run.jobs["api"].fence) == (1, 2)


def test_a_launch_that_fails_twice_is_escalated_and_held():
    play = played()
    for _ in range(2):
        play.grant("api")
        happened = play.do(c.EndSession(play.session("api"), "missing-program", 127, "not found"))
    assert isinstance(happened[-1], e.Escalated)
    with pytest.raises(Refused):
        play.grant("api")
    play.answer("q1", "retry")
    play.launch("api")
    assert play.run.jobs["api"].phase is JobPhase.RUNNING


def test_the_server_going_away_is_nobodys_fault():
    play = played()
    for _ in range(5):
        play.launch("api")
        play.do(c.EndSession(play.session("api"), "server-gone"))
    assert not play.run.questions


def test_per_epic_waits_for_the_principal_and_a_rejection_is_a_round():
    play = played(settings=PER_EPIC)
    play.finish("api")
    assert play.run.jobs["api"].cleared is None
    assert play.run.jobs["ui"].phase is JobPhase.BLOCKED
    assert names(play.answer("q1", "reject", "not like this")) == ["QuestionAnswered", "FindingsListed"]
    play.launch("api")
    play.submit_handoff("api", replies=play.fixed("api"))
    play.check("api")
    play.review("api.spec")
    play.review("api.quality")
    assert names(play.answer("q2", "approve")) == ["QuestionAnswered", "GatePassed"]


def test_an_answer_about_an_epic_never_completes_it_past_its_gate():
    """Such a question is withdrawn when the epic goes back to work; one that an older ledger left open does no harm."""
    play = played({"api": ()}, settings=PER_EPIC)
    play.finish("api")
    play.state = replace(play.state, run=with_job(play.run, "api", phase=JobPhase.RUNNING))
    play.answer("q1", "approve")
    assert play.run.jobs["api"].phase is JobPhase.RUNNING


def test_a_review_that_waits_for_an_answer_gives_up_its_lease_when_its_epic_is_stopped():
    play = played({"api": ()}, settings=replace(PARALLEL, rounds_max=1))
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    play.launch("api.spec")
    play.launch("api.quality")
    play.submit_handoff("api.quality", "NEEDS_CONTEXT", questions=("which scale?",))
    play.judge("api.spec", "reject")
    quality = play.run.jobs["api.quality"]
    assert (quality.phase, quality.lease) == (JobPhase.SKIPPED, None)
    with pytest.raises(Refused, match="was withdrawn"):
        play.answer("q1", text="any")


REFUSALS = {
    "uncommitted": (c.WorkFacts(commit("x"), ("a.py",), 1, ("a.py",)), "uncommitted"),
    "no commits": (c.WorkFacts(commit("x"), (), 0, ()), "no commits"),
    "missing file": (c.WorkFacts(commit("x"), (), 1, ("a.py",), ("b.md",)), "missing"),
}


@pytest.mark.parametrize(("facts", "why"), REFUSALS.values(), ids=REFUSALS)
def test_a_report_that_git_contradicts_is_refused(facts, why):
    play = played()
    play.launch("api")
    with pytest.raises(Refused, match=why):
        play.submit_handoff("api", facts=facts)


def test_reports_that_are_not_the_callers_to_make():
    play = played()
    play.launch("api")
    with pytest.raises(Denied, match="may not report for ui"):
        play.submit_handoff("api", named="ui")
    play.submit_handoff("api")
    with pytest.raises(Refused, match="already reported"):
        play.submit_handoff("api")
    play.check("api")
    play.launch("api.spec")
    with pytest.raises(Denied, match="own work"):
        play.judge("api.spec", by=play.session("api"))


def test_stale_and_foreign_verdicts_are_refused():
    play = played()
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    play.launch("api.spec")
    with pytest.raises(Refused, match="handed in is"):
        play.judge("api.spec", commit=commit("older"))
    with pytest.raises(Refused, match="nonce"):
        play.judge("api.spec", nonce="guessed")
    with pytest.raises(Refused, match="needs_revision"):
        play.judge("api.spec", "accept_with_findings", (finding(),))


def test_nobody_but_the_principal_approves():
    play = played({"api": ()})
    play.finish("api")
    play.report()
    with pytest.raises(Denied):
        play.approve(play.actor("s1"))
    with pytest.raises(Refused):
        play.approve(name="another report")
    with pytest.raises(Refused, match="no approval"):
        play.merge()
    play.approve()
    assert isinstance(play.merge()[0], e.Merged)


def test_an_approval_is_void_when_the_target_moves():
    play = played({"api": ()})
    play.finish("api")
    play.report()
    play.approve()
    play.do(c.VoidReport("main moved"))
    assert play.run.approval is None
    assert play.run.jobs["approval"].phase is JobPhase.WAITING_HUMAN
    with pytest.raises(Refused):
        play.merge()
    play.report()
    play.approve()
    assert play.merge()


def test_commits_after_the_handoff_void_it():
    play = played({"api": ()})
    play.finish("api")
    play.report()
    happened = play.do(c.VoidWork("api", commit("later")))
    assert names(happened) == ["ReportVoided", "WorkVoided", "FindingsListed"]
    assert play.run.jobs["approval"].phase is JobPhase.BLOCKED
    assert play.run.jobs["api"].phase is JobPhase.QUEUED


def test_a_rejected_merge_sends_named_epics_back():
    play = played()
    play.finish("api")
    play.finish("ui")
    play.report()
    happened = play.do(c.RejectMerge(("ui",), "no tests"), HUMAN)
    assert names(happened) == ["MergeRejected", "JobReopened", "FindingsListed"]
    assert play.run.jobs["ui"].phase is JobPhase.QUEUED
    assert play.run.jobs["api"].phase is JobPhase.COMPLETED
    assert play.run.jobs["approval"].phase is JobPhase.BLOCKED


def test_conflicting_branches_cannot_be_approved():
    play = played({"api": (), "db": ()})
    play.finish("api")
    play.finish("db")
    happened = play.report(conflicts=("db conflicts in a.py",))
    assert names(happened) == ["ReportIssued", "Escalated"]
    with pytest.raises(Refused, match="conflicts"):
        play.approve()


def test_stopping_an_epic_skips_what_needs_it_and_merges_the_rest():
    play = played({"api": (), "ui": ("api",), "db": ()})
    for _ in range(2):
        play.grant("api")
        play.do(c.EndSession(play.session("api"), "exited", 1, "boom"))
    play.answer("q1", "stop_epic")
    assert play.run.jobs["ui"].phase is JobPhase.SKIPPED
    play.finish("db")
    play.report()
    play.approve()
    play.merge()
    assert play.run.phase is RunPhase.COMPLETED


def test_canceling_ends_every_job():
    play = played()
    play.launch("api")
    play.do(c.CancelRun("enough"), HUMAN)
    assert {j.phase for j in play.run.jobs.values()} == {JobPhase.CANCELED}
    with pytest.raises(Refused):
        play.submit_handoff("api")


def test_only_an_approval_since_the_handoff_opens_the_gate_of_an_epic():
    play = played({"api": ()}, settings=PER_EPIC)
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    play.review("api.spec", "accept")
    play.review("api.quality", "accept")
    job = play.run.jobs[JobId("api")]
    (asked,) = play.run.open_questions("api")
    answered = replace(asked, answer=Answer("approve", "", "ada", job.handoff.at))

    def events(asked_at: int) -> list[str]:
        question = replace(answered, asked_at=asked_at)
        run = replace(play.run, questions={question.id: question})
        return [type(event).__name__ for event in settle(run, job)]

    assert events(job.handoff.at) == ["GatePassed"]
    assert events(job.handoff.at - 1) == ["QuestionAsked"]
