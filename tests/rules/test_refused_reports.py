"""A report that was refused is seen, its agent is reminded of it, and after two more a human is asked (F27)."""

from __future__ import annotations

import pytest
from play import Play

from gitorch.model import commands as c
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.work.session import PromptKind
from gitorch.rules.deciding.runs import REFUSALS_KEPT
from gitorch.rules.reconcile import reconcile
from gitorch.rules.views.prompts import prompt_text
from gitorch.rules.views.why import why

API = JobId("api")
REASON = "the report on api is refused: there are no commits since the job's base"
RENEWALS = (c.RenewLease, c.Remind)


@pytest.fixture
def play():
    played = Play()
    played.begin({"api": ()})
    played.launch("api")
    return played


def refused(play, verb="handoff", reason=REASON):
    play.do(c.RecordRefusal(verb, "refused", reason, API), play.actor(play.session("api")))


def learned(play, state=AgentState.WAITING):
    seen = SessionObservation(True, True, state, changed_at=Moment(play.at), was_ready=True, screen="❯")
    look = Observed(Moment(play.at), {play.session("api"): seen}, {}, {}, {})
    return [one for one in reconcile(play.run, look) if not isinstance(one, RENEWALS)]


def test_an_agent_that_waits_after_a_refusal_is_reminded_once_of_each(play):
    assert learned(play) == []
    refused(play)
    assert learned(play, AgentState.WORKING) == []
    (reminder,) = learned(play)
    assert reminder == c.RemindOfRefusal(play.session("api"))
    play.do(reminder)
    assert play.do(reminder) == ()
    assert learned(play) == []
    refused(play)
    assert learned(play) == [c.RemindOfRefusal(play.session("api"))]


def test_the_reminder_tells_the_whole_reason(play):
    refused(play, reason="docs/a.md has 2 defects\ndocs/a.md:1:1: no front matter")
    play.do(*learned(play))
    session = play.run.sessions[play.session("api")]
    prompt = session.prompts[-1]
    assert (prompt.kind, prompt.receipt) == (PromptKind.NUDGE, "")
    text = prompt_text(play.run, session, prompt, "")
    assert "# Your report on api was refused\n\ndocs/a.md has 2 defects\ndocs/a.md:1:1: no front matter\n" in text


def test_why_names_the_refusal_and_how_often(play):
    refused(play)
    job = play.run.jobs[API]
    assert why(play.run, job) == f"its handoff was refused: {REASON}; session s1 is at work"
    refused(play)
    assert "its handoff was refused 2 times: " in why(play.run, play.run.jobs[API])


@pytest.mark.parametrize("state", [AgentState.WAITING, AgentState.WORKING])
def test_the_third_refusal_is_a_question_with_the_reason(play, state):
    for _ in range(3):
        refused(play)
    (asked,) = learned(play, state)
    assert (asked.trigger, asked.job, asked.options) == ("refused:api:1:1", API, ("retry", "stop_epic", "stop_run"))
    assert asked.happened == f"The reports of api (session s1) were refused 3 times: {REASON}"
    play.do(asked)
    assert learned(play, state) == []
    play.answer("q1", "retry")
    assert play.run.jobs[API].lease is None


def test_a_refused_publication_is_no_refused_report(play):
    for _ in range(3):
        refused(play, "publish")
    assert learned(play) == []
    assert "its publish was refused: " in why(play.run, play.run.jobs[API])


def test_an_accepted_report_and_a_new_lease_end_the_count(play):
    refused(play)
    play.submit_handoff("api")
    assert play.run.jobs[API].refused == 0
    fresh = Play()
    fresh.begin({"api": ()})
    fresh.launch("api")
    refused(fresh)
    fresh.do(c.EndSession(fresh.session("api"), "exited", 1, "", ""))
    fresh.launch("api")
    assert fresh.run.jobs[API].refused == 0


def test_an_agent_that_was_refused_much_else_is_asked_about_after_its_third_report(play):
    agent = play.actor(play.session("api"))
    for _ in range(3 * REFUSALS_KEPT):
        play.do(c.RecordRefusal("approve", "denied", "only the principal may approve"), agent)
    assert play.run.sessions[play.session("api")].refusals == REFUSALS_KEPT
    for _ in range(3 * REFUSALS_KEPT):
        refused(play)
    assert play.run.sessions[play.session("api")].refusals == 2 * REFUSALS_KEPT, (
        "a looping agent cannot fill the ledger"
    )
    (asked,) = learned(play)
    assert asked.happened.startswith("The reports of api (session s1) were refused ")
