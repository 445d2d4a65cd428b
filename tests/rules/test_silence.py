"""Silence: who is nudged and when, and what follows when that helps nobody."""

from __future__ import annotations

import pytest
from play import SETTINGS, Play, finding

from gitorch.model import commands as c
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.values import replace
from gitorch.model.work.job import JobPhase
from gitorch.rules.guards.granting import may_be_granted
from gitorch.rules.outstanding import needed
from gitorch.rules.reconcile import reconcile
from gitorch.rules.reconciling.dialogs import REQUEST_PAINTS_MS
from gitorch.rules.waiting import only_people_left

API = JobId("api")
PATIENCE = SETTINGS.silence_seconds * 1000
RENEWALS = (c.RenewLease, c.Remind)


@pytest.fixture
def play():
    played = Play()
    played.begin({"api": ()})
    played.launch("api")
    return played


def look(play, quiet_ms: int, state: AgentState = AgentState.IDLE) -> Observed:
    """A look so long after the session's output last moved, which was just now as the ledger's clock goes."""
    seen = SessionObservation(True, True, state, changed_at=Moment(play.at), was_ready=True, screen="› at work")
    return Observed(now=Moment(play.at + quiet_ms), sessions={play.session("api"): seen}, heads={}, checks={}, sent={})


def learned(play, quiet_ms: int, state: AgentState = AgentState.IDLE):
    return [one for one in reconcile(play.run, look(play, quiet_ms, state)) if not isinstance(one, RENEWALS)]


def test_silence_is_nudged_once_and_not_before_its_time(play):
    assert learned(play, PATIENCE) == []
    assert learned(play, PATIENCE + 1) == [c.Nudge(play.session("api"))]


def test_a_nudge_that_was_read_and_changed_nothing_is_escalated(play):
    play.do(c.Nudge(play.session("api")))
    play.told("api")
    (escalation,) = learned(play, PATIENCE + 1)
    assert (escalation.trigger, escalation.tried) == ("stuck:api:1", "It was nudged once.")


def test_a_nudge_that_cannot_be_typed_is_given_as_much_time_again(play):
    play.do(c.Nudge(play.session("api")))
    assert learned(play, 2 * PATIENCE) == []
    (escalation,) = learned(play, 2 * PATIENCE + 1)
    assert "accepts no text" in escalation.tried
    assert escalation.evidence == "› at work"


def test_an_agent_that_waited_for_an_answer_is_not_silent_when_it_comes(play):
    before = play.at
    play.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which?",))
    play.at += 10 * PATIENCE
    play.answer("q1", text="That one.")
    seen = SessionObservation(True, True, AgentState.IDLE, changed_at=Moment(before), was_ready=True)
    look_now = Observed(Moment(play.at + 1), {play.session("api"): seen}, {}, {}, {})
    assert [one for one in reconcile(play.run, look_now) if isinstance(one, c.Nudge)] == []


@pytest.mark.parametrize("state", [AgentState.WORKING, AgentState.DIALOG])
def test_a_session_that_people_are_asked_about_is_not_escalated_again_while_they_are(play, state):
    play.do(c.Nudge(play.session("api")))
    (escalation,) = learned(play, 3 * PATIENCE, state)
    play.do(escalation)
    assert learned(play, 3 * PATIENCE, state) == []
    assert only_people_left(play.run, look(play, 0, state))


def test_retry_gives_a_stuck_job_a_fresh_session_and_its_old_one_up(play):
    stuck = play.session("api")
    play.do(c.Nudge(stuck))
    play.do(learned(play, 3 * PATIENCE)[0])
    play.answer("q1", "retry")
    assert play.run.jobs[API].phase is JobPhase.QUEUED
    assert not needed(play.run, play.run.sessions[stuck], empty(play))
    play.grant("api")
    assert play.session("api") != stuck


def test_an_agent_that_stays_busy_and_never_takes_its_text_is_escalated_in_the_end(play):
    play.submit_handoff("api")
    play.check("api")
    play.review("api.spec", "needs_revision", (finding(),))
    play.grant("api")
    assert play.run.jobs[API].phase is JobPhase.CLAIMED
    patience = PATIENCE + 2 * SETTINGS.start_wait_seconds * 1000
    assert learned(play, patience, AgentState.WORKING) == []
    (nudge,) = learned(play, patience + 1, AgentState.WORKING)
    play.do(nudge)
    (escalation,) = learned(play, 2 * patience + 1, AgentState.WORKING)
    assert escalation.trigger == "stuck:api:2"


def test_who_waits_for_a_person_takes_no_place_from_others():
    play = Play()
    play.begin({"api": (), "web": ()}, replace(SETTINGS, max_agents=1))
    play.launch("api")
    web = play.run.jobs[JobId("web")]
    assert not may_be_granted(play.run, web)
    (dialog,) = learned(play, REQUEST_PAINTS_MS, AgentState.DIALOG)
    play.do(dialog)
    assert play.run.jobs[API].phase is JobPhase.RUNNING
    assert may_be_granted(play.run, web)
    play.grant("web")


def empty(play) -> Observed:
    return Observed(now=Moment(play.at), sessions={}, heads={}, checks={}, sent={})
