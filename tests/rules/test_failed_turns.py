"""Failed turns: each is recorded, nudged once and then asked about, and the question goes when the agent works again."""

from __future__ import annotations

import pytest
from play import HOST, HUMAN, RUN, Play

from gitorch.errors import Corrupt, Denied
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import NO_DIGEST, JobId, Moment
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.record import Record
from gitorch.model.work.job import JobPhase
from gitorch.model.work.turns import TurnResumed
from gitorch.rules.evolve import evolve
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.reconciling.failed_turns import OPTIONS, RECOVERY_MS, SETTLE_MS
from gitorch.rules.views.epics import epic_rows
from gitorch.rules.views.notices import due, event_of
from gitorch.rules.views.presence import agent_words
from gitorch.rules.views.why import why

API = JobId("api")
WORDS = "API Error: 500 it is overloaded"
TURNS = (c.RecordFailedTurn, c.RecordResumedTurn, c.Nudge, c.Escalate, c.WithdrawQuestion)
OTHERS = [state for state in AgentState if state not in {AgentState.ERROR, AgentState.WORKING}]


@pytest.fixture
def play():
    played = Play()
    played.begin({"api": ()})
    played.launch("api")
    played.at += SETTLE_MS
    return played


def look(play, state=AgentState.ERROR, later_ms=0, words=WORDS, moved_at=None):
    seen = SessionObservation(
        True,
        True,
        state,
        was_ready=True,
        evidence="tail: error",
        failure=words,
        changed_at=moved_at,
        screen=f"● {words}",
    )
    return Observed(now=Moment(play.at + later_ms), sessions={play.session("api"): seen}, heads={}, checks={}, sent={})


def learned(play, *args, **kwargs):
    return [one for one in reconcile(play.run, look(play, *args, **kwargs)) if isinstance(one, TURNS)]


def fail(play):
    (command,) = learned(play)
    assert isinstance(command, c.RecordFailedTurn)
    play.do(command)


def fail_again(play):
    """A failed turn, its nudge, and a turn that fails after it; up to its question."""
    fail(play)
    play.at += RECOVERY_MS
    play.do(c.Nudge(play.session("api")))
    play.told("api")
    play.at += SETTLE_MS
    fail(play)
    (question,) = learned(play)
    play.do(question)
    return question


def test_a_failed_turn_is_recorded_once_with_the_words_of_its_program(play):
    assert learned(play) == [c.RecordFailedTurn(play.session("api"), WORDS, "tail: error")]
    fail(play)
    assert learned(play) == []
    assert play.do(c.RecordFailedTurn(play.session("api"), WORDS, "tail: error")) == ()


def test_a_program_that_says_nothing_is_quoted_by_its_sign(play):
    assert learned(play, words="") == [c.RecordFailedTurn(play.session("api"), "tail: error", "tail: error")]


def test_an_error_that_shows_just_after_a_prompt_is_of_the_turn_before(play):
    assert learned(play, later_ms=-1) == []
    assert len(learned(play)) == 1


def test_why_and_the_board_say_that_the_turn_failed_since_when_and_with_which_words(play):
    fail(play)
    told = why(play.run, play.run.jobs[API])
    assert told == f"session s1 failed its turn at 2023-11-14 22:13 UTC: {WORDS}"
    for word in ("error", "idle", "unknown", "working"):
        row = epic_rows(play.run, {play.session("api"): word})[1]
        assert row.reason == told, "whatever the terminal shows at this moment"


@pytest.mark.parametrize("state", [AgentState.ERROR, *OTHERS])
def test_the_agent_is_nudged_once_after_a_minute_while_its_error_shows(play, state):
    fail(play)
    assert c.Nudge(play.session("api")) not in learned(play, state, later_ms=RECOVERY_MS - 1001)
    nudged = c.Nudge(play.session("api")) in learned(play, state, later_ms=RECOVERY_MS)
    assert nudged is (state is AgentState.ERROR)


def test_the_nudge_is_given_at_the_prompt_below_the_error_and_ends_the_failed_turn(play):
    fail(play)
    play.do(c.Nudge(play.session("api")))
    assert [type(one) for one in outstanding(play.run, look(play))].count(effects.DeliverPrompt) == 1
    play.told("api")
    assert why(play.run, play.run.jobs[API]) == "session s1 is at work"


def test_a_turn_that_fails_after_its_nudge_is_one_question_with_the_same_agent_first(play):
    question = fail_again(play)
    assert question.happened == f"The agent of api (session s1) failed its turn: {WORDS}"
    assert (question.options, question.evidence) == (OPTIONS, f"● {WORDS}")
    assert OPTIONS[0] == "cleared"
    assert learned(play, later_ms=10 * RECOVERY_MS) == []
    assert agent_words(play.run, look(play).sessions) == {"s1": "failed"}
    assert [event_of(play.run, name) for name in due(play.run)] == ["stuck"]


@pytest.mark.parametrize("words", ["Please run /login", "API Error: 401 no", "Invalid API key", "UNAUTHENTICATED"])
def test_one_that_is_not_signed_in_is_asked_about_with_the_way_to_sign_in(play, words):
    fail(play)
    play.do(c.Nudge(play.session("api")))
    play.told("api")
    play.at += SETTLE_MS
    (record,) = learned(play, words=words)
    play.do(record)
    (question,) = learned(play, words=words)
    assert question.decision.startswith("Sign in to scripted (gitorch attach api), then let it go on (cleared).")


def test_cleared_lets_the_same_agent_go_on_with_another_nudge(play):
    fail_again(play)
    play.answer("q1", "cleared")
    assert learned(play) == [c.Nudge(play.session("api"))]
    play.do(c.Nudge(play.session("api")))
    play.told("api")
    assert play.run.jobs[API].session == play.session("api")


def test_retry_gives_the_work_to_a_new_agent(play):
    fail_again(play)
    play.answer("q1", "retry")
    assert (play.run.jobs[API].phase, play.run.jobs[API].lease) == (JobPhase.QUEUED, None)


def test_the_question_goes_when_the_agent_works_again(play):
    fail_again(play)
    assert learned(play, AgentState.UNKNOWN) == []
    assert learned(play, AgentState.IDLE, moved_at=play.run.sessions[play.session("api")].failed_at) == []
    for seen in ({"state": AgentState.WORKING}, {"state": AgentState.IDLE, "moved_at": Moment(play.at)}):
        withdrawn, *_ = [one for one in learned(play, **seen) if isinstance(one, c.WithdrawQuestion)]
        assert withdrawn.reason == "the agent of api works again"
    play.do(withdrawn)
    assert learned(play, AgentState.WORKING) == [c.RecordResumedTurn(play.session("api"))]
    play.do(c.RecordResumedTurn(play.session("api")))
    assert why(play.run, play.run.jobs[API]) == "session s1 is at work"
    assert learned(play, AgentState.WORKING) == []


def test_an_agent_that_somebody_set_to_work_is_not_nudged(play):
    fail(play)
    assert learned(play, AgentState.WORKING, later_ms=RECOVERY_MS) == [c.RecordResumedTurn(play.session("api"))]


@pytest.mark.parametrize("words", [WORDS, "Sign in to the program once"])
def test_a_program_that_takes_no_text_below_its_error_is_a_question_soon(play, words):
    (record,) = learned(play, words=words)
    play.do(record)
    play.do(c.Nudge(play.session("api")))
    assert learned(play, later_ms=2 * RECOVERY_MS - 5_000) == []
    asks_soon(play, words)


@pytest.mark.parametrize("words", [WORDS, "Sign in to the program once"])
def test_a_program_that_fails_before_its_first_prompt_is_a_question_soon(words):
    played = Play()
    played.begin({"api": ()})
    played.grant("api")
    played.alive("api")
    played.at += SETTLE_MS
    (record,) = learned(played, words=words)
    played.do(record)
    minute = "2023-11-14 22:13 UTC"
    assert why(played.run, played.run.jobs[API]) == f"session s1 failed its turn at {minute}: {words}"
    assert learned(played, words=words, later_ms=2 * RECOVERY_MS - 5_000) == []
    asks_soon(played, words)


def asks_soon(play, words):
    """The question once a prompt has been due for two minutes; it offers no other prompt, and asks anew after an answer in vain."""
    (question,) = learned(play, words=words, later_ms=2 * RECOVERY_MS)
    assert question.happened == f"The agent of api (session s1) failed its turn: {words}"
    assert question.options == OPTIONS[1:]
    first = "Look at its screen (gitorch peek api)." if words == WORDS else "Sign in to scripted outside of gitorch."
    assert question.decision == f"{first} Start it again (retry), stop api, or stop the run?"
    play.do(question)
    assert learned(play, words=words, later_ms=9 * RECOVERY_MS) == []


def test_a_turn_that_never_failed_cannot_be_resumed(play):
    assert play.do(c.RecordResumedTurn(play.session("api"))) == ()
    resumed = TurnResumed(play.session("api"), API)
    with pytest.raises(Corrupt, match="had not failed"):
        evolve(play.state, Record(play.seq + 1, NO_DIGEST, Moment(play.at), RUN, HOST, resumed))


def test_people_cannot_record_what_they_saw_of_a_turn(play):
    for command in (c.RecordFailedTurn(play.session("api"), WORDS, "x"), c.RecordResumedTurn(play.session("api"))):
        with pytest.raises(Denied, match="only gitorch itself records"):
            play.do(command, HUMAN)
