"""A worktree that the jobs of a lane share (W3): who has it, and when the next may."""

from __future__ import annotations

import pytest
from play import HUMAN, SETTINGS, Play, finding

from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment, SessionId
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.values import replace
from gitorch.rules.guards.granting import may_be_granted
from gitorch.rules.outstanding import outstanding
from gitorch.rules.views.why import why
from gitorch.text.workflows.file import parse_workflow

SHARING = """gitorch: workflow/1
name: x
lanes: {a: {runtime: claude, worktree: shared}, r: {runtime: codex, worktree: shared}}
jobs:
  one: {kind: build, lane: a, objective: Do}
  two: {kind: build, lane: a, objective: Do}
  check: {kind: review, lane: r, needs: [one]}
  again: {kind: review, lane: r, needs: [two]}
cycles: [{review: check, back_to: one, rounds: 2}]
"""


def sharing() -> Play:
    play = Play()
    play.begin(
        {}, replace(SETTINGS, test_command=""), parse_workflow("w.yaml", SHARING.encode(), lambda _: None).workflow
    )
    return play


def phase(play: Play, job: str) -> str:
    return str(play.run.jobs[JobId(job)].phase)


def seen(play: Play) -> Observed:
    working = SessionObservation(True, True, AgentState.WORKING)
    return Observed(Moment(play.at), dict.fromkeys(play.run.sessions, working), {})


def free(play: Play, job: str) -> bool:
    return may_be_granted(play.run, play.run.jobs[JobId(job)])


def test_of_the_work_that_shares_a_worktree_one_job_is_started_at_a_time():
    play = sharing()
    assert free(play, "one")
    assert free(play, "two")
    play.launch("one")
    with pytest.raises(Refused):
        play.grant("two")
    assert "lane a, where one is unfinished" in why(play.run, play.run.jobs[JobId("two")])
    play.submit_handoff("one")
    assert not free(play, "two"), "its agent is still there"
    assert effects.StopSession(SessionId("s1")) in outstanding(play.run, seen(play))
    play.do(c.EndSession(SessionId("s1"), "stopped"))
    assert free(play, "two")
    play.launch("two")
    play.review("check", "needs_revision", (finding(),))
    assert not free(play, "one"), "sent back while the other is at work"
    play.submit_handoff("two")
    play.do(c.EndSession(play.session("two"), "stopped"))
    play.grant("one")
    assert play.session("one") == "s4"


@pytest.mark.parametrize("how", ["killed", "server-gone"])
def test_unfinished_work_keeps_the_worktree_after_its_agent_ended(how):
    play = sharing()
    play.launch("one")
    play.do(c.EndSession(play.session("one"), how))
    assert phase(play, "one") == "queued"
    assert (free(play, "one"), free(play, "two")) == (True, False)


def test_work_that_waits_for_an_answer_keeps_the_worktree_and_its_agent():
    play = sharing()
    play.launch("one")
    play.submit_handoff("one", "NEEDS_CONTEXT", questions=("Which?",))
    assert phase(play, "one") == "waiting_human"
    assert not free(play, "two")
    assert not any(isinstance(effect, effects.StopSession) for effect in outstanding(play.run, seen(play)))


def test_work_that_is_given_up_leaves_the_worktree_to_the_next():
    play = sharing()
    play.launch("one")
    play.do(c.CancelJob(JobId("one"), "enough"), HUMAN)
    play.do(c.EndSession(SessionId("s1"), "stopped"))
    assert free(play, "two")


def test_reviews_of_a_lane_that_shares_a_worktree_have_checkouts_of_their_own():
    play = sharing()
    play.launch("one")
    play.submit_handoff("one")
    play.do(c.EndSession(SessionId("s1"), "stopped"))
    play.launch("two")
    play.submit_handoff("two")
    play.grant("check")
    assert free(play, "again")
