"""Reminders over days, questions that nobody answers, budgets: what a human is asked, once each, and what goes on (P30 to P32)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from play import HUMAN, SETTINGS, Play
from scene_book import scene

from gitorch.errors import Refused
from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment, QuestionId
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.model.values import replace
from gitorch.rules.outstanding import outstanding
from gitorch.rules.reconcile import reconcile
from gitorch.rules.views.notices import AT_ONCE_MAX, notice

MINUTE = 60
READY = SessionObservation(True, True, AgentState.WAITING, 7, was_ready=True, changed_at=Moment(0), evidence="hook")
NEEDS = {"api": (), "ui": (), "docs": ("api",)}


def begun(**settings) -> Play:
    play = Play()
    play.begin(NEEDS, replace(SETTINGS, silence_seconds=10**7, **settings))
    return play


def look(play: Play, minutes: float = 0) -> Observed:
    now = Moment(play.at + int(minutes * MINUTE * 1000))
    return Observed(now, {s: replace(READY, changed_at=now) for s in play.run.sessions}, None)


def tick(play: Play, minutes: float = 0) -> None:
    """Time passes, and the ledger learns what follows from it."""
    seen = look(play, minutes)
    play.at = seen.now
    for command in reconcile(play.run, seen):
        if isinstance(command, c.Remind | c.Escalate):
            play.do(command)


def open_triggers(play: Play) -> list[str]:
    return [q.trigger for q in play.run.questions.values() if q.answer is None and q.trigger]


def asked_for_context(**settings) -> Play:
    play = begun(**settings)
    play.launch("api")
    play.launch("ui")
    play.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?", "Which port?"))
    return play


def test_over_two_days_reminders_grow_to_the_cap_and_nothing_proceeds() -> None:
    play = asked_for_context(remind_first_seconds=300, remind_cap_seconds=14_400)
    began, reminded = play.at, {"q1": [], "q2": []}
    for _ in range(48 * 12):
        before = {q: x.reminders for q, x in play.run.questions.items()}
        tick(play, 5)
        for name, question in play.run.questions.items():
            if question.reminders > before[name]:
                reminded[name].append((play.at - began) // 60_000)
    gaps = [b - a for a, b in zip([0, *reminded["q1"]], reminded["q1"], strict=False)]
    assert gaps[0] <= 2 * 5
    assert all(b <= 2 * a + 5 for a, b in pairwise(gaps)), gaps
    assert max(gaps) <= 245, "no gap is longer than the cap and one look"
    assert len(reminded["q1"]) == len(reminded["q2"]) < 20, "two days are not a flood"
    assert play.run.jobs[JobId("api")].phase == "waiting_human"
    assert all(q.answer is None for q in play.run.questions.values())


def test_only_what_depends_on_a_question_waits_for_it() -> None:
    play = asked_for_context()
    play.submit_handoff("ui")
    play.check("ui")
    granted = {x.job for x in reconcile(play.run, look(play)) if isinstance(x, c.GrantLease)}
    assert granted == {"ui.spec"}


def test_a_question_that_nobody_answers_is_escalated_once() -> None:
    play = asked_for_context(escalate_seconds=1800)
    tick(play, 30)
    assert open_triggers(play) == []
    tick(play, 1)
    tick(play, 600)
    assert open_triggers(play) == ["unanswered:q1", "unanswered:q2"]
    escalation = play.run.questions[QuestionId("q3")]
    assert "api asked q1" in escalation.happened
    assert escalation.evidence == "Which name?"
    assert escalation.tried.startswith("Reminded ")


def test_no_patience_means_that_reminders_are_all() -> None:
    play = asked_for_context(escalate_seconds=0)
    tick(play, 10_000)
    assert open_triggers(play) == []


def test_the_answer_to_an_escalated_question_goes_to_the_agent() -> None:
    play = asked_for_context(escalate_seconds=60)
    tick(play, 5)
    with pytest.raises(Refused, match="needs a text"):
        play.answer("q3", "answer")
    play.answer("q3", "answer", "sid")
    assert play.run.questions[QuestionId("q1")].answer.text == "sid"
    play.answer("q2", "", "8080")
    assert open_triggers(play) == [], "the other escalation is withdrawn with its question"
    assert play.run.jobs[JobId("api")].phase == "running"
    with pytest.raises(Refused, match="was withdrawn"):
        play.answer("q4", "answer", "8081")


@pytest.mark.parametrize("part", ["happened", "tried", "evidence", "decision", "options"])
def test_an_escalation_with_an_empty_part_is_refused(part) -> None:
    play = begun()
    whole = c.Escalate("stuck:api:1", "It is stuck.", "A nudge.", "> _", "Go on?", ("retry",), JobId("api"))
    with pytest.raises(Refused, match="leaves a part empty"):
        play.do(replace(whole, **{part: () if part == "options" else " \n"}))
    play.do(whole)


def test_each_of_two_escalations_is_answered_by_its_own_id_and_once() -> None:
    play = begun()
    for job in ("api", "ui"):
        play.do(c.Escalate(f"stuck:{job}:1", "Stuck.", "A nudge.", "> _", "Go on?", ("retry", "stop_epic"), JobId(job)))
    play.answer("q2", "retry")
    assert play.run.questions[QuestionId("q1")].answer is None
    with pytest.raises(Refused, match="already answered by ada: retry"):
        play.answer("q2", "stop_epic")
    assert play.run.jobs[JobId("ui")].phase != "failed"


# Notices


def told(play: Play, *names: str) -> list[str]:
    seen = replace(look(play), notified=frozenset(names))
    return [e.name for e in outstanding(play.run, seen) if isinstance(e, effects.Notify)]


def test_each_waiting_thing_is_notified_once_and_with_each_reminder() -> None:
    play = asked_for_context()
    assert told(play) == ["q1-0", "q2-0"]
    assert told(play, "q1-0", "q2-0") == []
    tick(play, 6)
    assert told(play, "q1-0", "q2-0") == ["q1-1", "q2-1"]
    play.answer("q1", "", "sid")
    assert told(play, "q1-0", "q2-0") == ["q2-1"]
    play.do(c.SendMessage(("@principal",), "Half is done."), play.actor(play.session("ui")))
    assert told(play, "q2-1") == ["m1"]
    play.do(c.CancelRun("enough"), HUMAN)
    assert told(play, "m1") == ["q3-0", "canceled"], "how to clean up is asked, too"


def test_notices_need_a_configured_command_and_come_a_few_at_once() -> None:
    play = asked_for_context()
    assert [e for e in outstanding(play.run, look(play)) if isinstance(e, effects.Notify)] == []
    play.submit_handoff("ui", "NEEDS_CONTEXT", questions=tuple("abcdefgh"))
    assert len(told(play)) == AT_ONCE_MAX


def test_a_notice_names_its_subject_and_the_command() -> None:
    play = asked_for_context()
    said = notice(play.run, "q1-2")
    assert (said["kind"], said["id"], said["job"], said["reminder"]) == ("context", "q1", "api", 2)
    assert (said["text"], said["command"]) == ("Which name?", 'gitorch answer q1 "…" --run play-0001')
    sender = play.actor(play.session("ui"))
    play.do(c.SendMessage(("@principal",), "Half is done."), sender)
    play.do(c.SendMessage(("@principal",), "All is done."), sender)
    said = notice(play.run, "m2")
    assert (said["kind"], said["id"], said["text"]) == ("message", "m2", "All is done.")
    assert (said["sender"], said["command"]) == ("ui", "gitorch show m2")
    play.do(c.CancelRun("enough"), HUMAN)
    assert notice(play.run, "canceled")["text"] == "Run play-0001 is canceled. enough"


# Budgets


def grants(play: Play, minutes: float = 0) -> list[str]:
    return [x.job for x in reconcile(play.run, look(play, minutes)) if isinstance(x, c.GrantLease)]


def test_a_run_over_its_time_asks_once_begins_nothing_and_kills_nothing() -> None:
    play = begun(run_seconds_max=3600)
    play.launch("api")
    tick(play, 59)
    assert open_triggers(play) == []
    tick(play, 2)
    tick(play, 60)
    assert open_triggers(play) == ["budget:run_seconds"]
    assert grants(play) == []
    stops = [e for e in outstanding(play.run, look(play)) if isinstance(e, effects.StopSession)]
    assert stops == []
    play.submit_handoff("api")


def test_each_go_on_grants_the_budget_once_more() -> None:
    play = begun(run_seconds_max=3600)
    tick(play, 61)
    play.answer("q1", "go_on")
    assert set(grants(play)) == {"api", "ui"}
    tick(play, 50)
    assert open_triggers(play) == []
    tick(play, 10)
    assert open_triggers(play) == ["budget:run_seconds"]
    play.answer("q2", "stop_run")
    assert play.run.phase == "canceled"


def test_a_run_that_used_up_its_sessions_asks_before_it_begins_another() -> None:
    play = begun(sessions_max=1)
    play.launch("api")
    tick(play)
    assert open_triggers(play) == ["budget:sessions"]
    assert grants(play) == []
    play.answer("q1", "go_on")
    assert grants(play) == ["ui"]
    play.launch("ui")
    tick(play)
    assert open_triggers(play) == [], "nothing wants another session now"


def test_a_living_session_goes_on_although_the_sessions_are_used_up() -> None:
    play = begun(sessions_max=2)
    play.launch("api")
    play.launch("ui")
    play.submit_handoff("api")
    play.check("api", "failed")
    assert grants(play) == ["api"]


def test_an_agent_over_its_time_is_asked_about_and_may_go_on() -> None:
    play = begun(job_seconds_max=600)
    play.launch("api")
    tick(play, 9)
    assert open_triggers(play) == []
    tick(play, 2)
    assert open_triggers(play) == ["stuck:api:1:overtime:1"]
    play.answer("q1", "go_on")
    tick(play, 8)
    assert open_triggers(play) == []
    tick(play, 2)
    play.answer("q2", "retry")
    assert play.run.jobs[JobId("api")].phase == "queued"
    assert play.run.jobs[JobId("api")].session is None


def test_without_budgets_nothing_is_asked() -> None:
    play = begun()
    play.launch("api")
    tick(play, 60 * 24 * 30)
    assert open_triggers(play) == []


def test_a_budget_is_the_principals_to_grant() -> None:
    play = begun(run_seconds_max=60)
    tick(play, 2)
    assert play.run.questions[QuestionId("q1")].options == ("go_on", "stop_run")
    play.do(c.AnswerQuestion(QuestionId("q1"), "go_on", ""), HUMAN)


@pytest.mark.parametrize(
    ("trigger", "event"),
    [
        ("stuck:api:1", "stuck"),
        ("launch:api:1", "stuck"),
        ("death:api:1", "stuck"),
        ("dialog:s1", "permission"),
        ("budget:run", "limit"),
        ("blocked:api:1", "waiting"),
        ("rounds:api:3", "waiting"),
    ],
)
def test_a_notice_names_its_event_by_what_the_question_is_about(trigger, event):
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    play.do(c.Escalate(trigger, "It happened", "nothing", "evidence", "What now?", ("retry",), JobId("api")))
    values = notice(play.run, "q1-0")
    assert (values["event"], values["question"], values["job"]) == (event, "q1", "api")


def test_notices_of_an_approval_and_of_the_end_of_a_run_have_events_of_their_own():
    assert notice(scene("reported").run, "q1-0")["event"] == "approval"
    ends = {name: notice(scene(name).run, str(scene(name).run.phase)) for name in ("complete", "canceled")}
    assert {name: (values["event"], values["question"]) for name, values in ends.items()} == {
        "complete": ("done", None),
        "canceled": ("failed", None),
    }
