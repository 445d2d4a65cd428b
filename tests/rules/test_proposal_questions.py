"""What follows from a look at a pull request: the approval, one question about each thing that needs a person, or nothing."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from forged_scenes import proposed
from play import HOST, HUMAN, commit
from question_scenes import pulled

from gitorch.model import commands as c
from gitorch.model import events as e
from gitorch.model.ids import JobId, QuestionId
from gitorch.model.observed import Observed
from gitorch.model.values import replace
from gitorch.model.work.proposal import ClaimedReview, Claims, ForgeMerge, ProposalSeen, PullRequest
from gitorch.rules.messages.answer_words import first_answer
from gitorch.rules.review.proposals import merged_proposals
from gitorch.rules.views.inbox import inbox

CLAIMS = Claims("gh pr view", "2026-11-28T12:00:00.000Z", "ann", (ClaimedReview("bob", "approved", commit("p")),))
ADDRESS = "https://github.com/ann/project/pull/7"


def learned(play, **seen):
    observed = Observed(play.at, None, None, proposal=ProposalSeen(commit("proposal"), **seen))
    return list(merged_proposals(play.run, observed))


def test_a_merge_that_counts_approves_with_what_the_forge_claims_apart():
    play = proposed()
    (command,) = learned(play, merge=ForgeMerge(commit("merge"), "forge", claims=CLAIMS))
    assert command == c.ApproveAtForge(commit("proposal"), commit("merge"), "forge", CLAIMS)
    play.do(command, HOST)
    approval = play.run.approval
    assert approval.sentence == f"approved by pull request {commit('merge')[:12]} (signed by the forge: forge)"
    claimed = "bob approved " + commit("p")[:12] + ", merged by ann"
    assert approval.claims.sentence.startswith(f"{claimed} (claimed by gh pr view at 2026-11-28")
    assert play.run.jobs[JobId("approval")].phase == "completed"
    assert learned(play, merge=ForgeMerge(commit("merge"), "forge")) == []


def test_the_questions_of_a_run_with_pull_requests_name_both_branches_and_what_to_type():
    play = pulled()
    approval, asked = (play.run.questions[QuestionId(name)] for name in ("q1", "q2"))

    assert approval.text.startswith(
        "Approve 1 branch for pull requests into main? An approval pushes gitorch/play-0001/api to origin; nothing is merged here."
    )
    assert (
        asked.happened
        == "The approved branches gitorch/play-0001/api wait for their pull requests into main at origin."
    )
    assert asked.text.startswith("Merge the pull requests into main at origin, then type: gitorch up play-0001.")
    assert first_answer(asked) == "gitorch answer q2 wait"


def test_a_merge_that_does_not_count_is_asked_about_once():
    play = proposed()
    seen = {"merge": ForgeMerge(commit("merge"), fault="it was squashed")}
    (command,) = learned(play, **seen)
    assert command.happened == "The pull request was merged, but that approves nothing: it was squashed."
    play.do(command, HOST)
    assert learned(play, **seen) == []
    question = play.run.open_questions()[-1]
    play.do(c.AnswerQuestion(question.id, "leave", ""), HUMAN)
    assert learned(play, **seen) == []
    assert play.run.approval is None


def test_the_first_command_goes_on_with_what_reviewers_want():
    """What did not count is proposed again; what was declined goes back with its words. Leaving it comes last."""
    pull = PullRequest(ADDRESS, "closed", replace(CLAIMS, merged_by=""))
    for seen, first in (
        ({"merge": ForgeMerge(commit("merge"), fault="it was squashed")}, "gitorch propose play-0001"),
        ({"pull_request": pull}, "gitorch reject play-0001 --rework api"),
    ):
        play = proposed()
        (command,) = learned(play, **seen)
        play.do(command, HOST)
        row = inbox(play.run)[-1]
        assert row.command == first
        assert [words.split()[-1] for words in row.others] == ["leave", "stop_run"]


def test_a_closed_pull_request_and_asked_for_changes_are_questions_with_the_comments():
    play = proposed()
    pull = PullRequest(ADDRESS, "open", replace(CLAIMS, merged_by=""), ("bob at report.md:4: why?",))
    assert learned(play, pull_request=pull) == [], "an approval that the forge only claims approves nothing"
    assert learned(play, pull_request=replace(pull, state="merged")) == []
    (closed,) = learned(play, pull_request=replace(pull, state="closed"))
    assert closed.happened == f"The pull request {ADDRESS} was closed and not merged."
    assert "bob at report.md:4: why?" in closed.evidence
    wants = ClaimedReview("eve", "requested changes on", commit("p"))
    asking = replace(pull, claims=replace(CLAIMS, reviews=(wants,)))
    (changes,) = learned(play, pull_request=asking)
    assert changes.happened == f"eve requested changes in the pull request {ADDRESS}."
    assert f"gitorch reject {play.run.id} --rework EPIC" in changes.decision
    play.do(changes, HOST)
    assert learned(play, pull_request=asking) == []
    play.do(c.RejectMerge((JobId("api"),), ""), HUMAN)
    assert play.run.jobs[JobId("api")].phase != "cleared"
    (reopened,) = [event for event in play.events if isinstance(event, e.JobReopened)]
    assert "bob at report.md:4: why?" in reopened.reason, "what reviewers wrote goes to the agent"


def test_a_reviewer_who_approved_since_wants_no_changes():
    play = proposed()
    wants = ClaimedReview("eve", "requested changes on", commit("p"))
    happy = replace(wants, state="approved")
    for reviews, asks in (
        ((wants, happy), []),
        ((happy, wants), ["eve"]),
        ((wants, replace(happy, by="bob")), ["eve"]),
    ):
        pull = PullRequest(ADDRESS, "open", replace(CLAIMS, reviews=reviews))
        assert [command.happened.split()[0] for command in learned(play, pull_request=pull)] == asks


def test_a_look_at_an_earlier_proposal_and_no_look_lead_to_nothing():
    play = proposed()
    stale = Observed(play.at, None, None, proposal=ProposalSeen(commit("x"), ForgeMerge(commit("merge"), "forge")))
    assert list(merged_proposals(play.run, stale)) == []
    assert list(merged_proposals(play.run, Observed(play.at, None, None))) == []


def test_a_report_that_is_withdrawn_takes_its_proposal_along():
    play = proposed()
    play.do(c.VoidReport("main moved"), HOST)
    assert play.run.proposal is None
    assert learned(play, merge=ForgeMerge(commit("merge"), "forge")) == []
    assert [event for event in play.events if isinstance(event, e.MergeApprovedAtForge)] == []
