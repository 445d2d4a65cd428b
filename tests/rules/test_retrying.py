"""The principal's hand on one job: again, anew, stop (P43, P45)."""

from __future__ import annotations

import pytest
from play import HUMAN, Play
from telling import Telling

from gitorch.errors import Denied, NotFound, Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment, SessionId
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.rules.outstanding import CLEARANCE_MS, outstanding
from gitorch.rules.reconcile import reconcile

API = JobId("api")


@pytest.fixture
def play() -> Play:
    play = Play()
    play.begin({"api": (), "docs": ("api",)})
    play.launch("api")
    return play


def phase(play: Play, job: str = "api") -> str:
    return str(play.run.jobs[JobId(job)].phase)


def stops(play: Play) -> list[str]:
    observation = SessionObservation(True, True, AgentState.WORKING, 7, was_ready=True)
    seen = Observed(Moment(play.at), dict.fromkeys(play.run.sessions, observation), None)
    return [e.session for e in outstanding(play.run, seen) if isinstance(e, effects.StopSession)]


def granted(play: Play) -> list[str]:
    return [x.job for x in reconcile(play.run, Observed(Moment(play.at), None, None)) if isinstance(x, c.GrantLease)]


def test_a_restarted_agent_is_stopped_and_its_job_goes_to_a_new_one_in_the_same_round(play):
    play.do(c.RestartAgent(API), HUMAN)
    assert (phase(play), play.run.jobs[API].attempt) == ("queued", 1)
    assert stops(play) == ["s1"]
    assert granted(play) == ["api"]


def test_a_stopped_agent_leaves_a_question_and_nothing_is_given_out_before_its_answer(play):
    play.do(c.StopAgent(API), HUMAN)
    assert stops(play) == ["s1"]
    assert granted(play) == []
    play.do(c.RetryJob(API, "Now."), HUMAN)
    assert granted(play) == ["api"]


def test_what_failed_is_tried_again_with_the_note_and_its_dependents_come_back(play):
    play.do(c.StopAgent(API), HUMAN)
    play.answer("q1", "stop_epic")
    assert (phase(play), phase(play, "docs")) == ("failed", "skipped")
    if play.run.phase == "failed":
        with pytest.raises(Refused, match="nothing in it can change"):
            play.do(c.RetryJob(API), HUMAN)


def test_a_failed_epic_beside_others_goes_back_to_work():
    play = Play()
    play.begin({"api": (), "ui": (), "docs": ("api",)})
    play.launch("api")
    play.do(c.StopAgent(API), HUMAN)
    play.answer("q1", "stop_epic")
    play.do(c.RetryJob(API, "The database is up."), HUMAN)
    assert (phase(play), phase(play, "docs")) == ("queued", "blocked")
    assert "The database is up." in play.run.jobs[API].findings[0].finding.title
    assert granted(play)[:1] == ["api"] or "api" in granted(play)


def test_a_retry_answers_what_is_asked_about_the_job(play):
    question = c.Escalate(
        "stuck:api:1", "Silent.", "A nudge.", "> _", "Go on?", ("retry", "stop_run"), API, SessionId("s1")
    )
    play.do(question)
    play.do(c.RetryJob(API), HUMAN)
    assert play.run.questions["q1"].answer.option == "retry"
    assert phase(play) == "queued"


@pytest.mark.parametrize("command", [c.RetryJob(API), c.RestartAgent(API), c.StopAgent(API)])
def test_only_the_principal_has_this_hand(play, command):
    with pytest.raises(Denied):
        play.do(command, play.actor("s1"))


@pytest.mark.parametrize("command", [c.RetryJob, c.RestartAgent, c.StopAgent])
def test_a_job_without_an_agent_says_why(play, command):
    with pytest.raises(Refused, match="docs is blocked, so no agent is at work on it"):
        play.do(command(JobId("docs")), HUMAN)
    with pytest.raises(Refused, match="no agent works on merge: it is a merge"):
        play.do(command(JobId("merge")), HUMAN)
    with pytest.raises(NotFound):
        play.do(command(JobId("nothing")), HUMAN)


@pytest.mark.parametrize("state", list(AgentState))
def test_a_session_that_is_stopped_gets_no_text_in_the_same_tick(state: AgentState) -> None:
    """The worktree of a reviewer goes with it, and a text would make the folder again, as no worktree of the repository."""
    telling = Telling()
    for step in ("plan api", "finish api"):
        telling.tell(step)
    play = telling.play
    session = play.session("api")
    assert play.run.sessions[session].unsent_prompts
    shown = SessionObservation(True, True, state, 7, was_ready=True, evidence="hook")
    owed = outstanding(play.run, Observed(Moment(play.at + CLEARANCE_MS), {session: shown}, None))
    assert [one for one in owed if getattr(one, "session", None) == session] == [effects.StopSession(session)]
