"""When a run goes on only after a person acts."""

from __future__ import annotations

import pytest
from question_scenes import pulled
from telling import Telling

from gitorch.model.commands import EndSession
from gitorch.model.ids import JobId, Moment, SessionId
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.rules.views.why import why
from gitorch.rules.waiting import only_people_left

READY = SessionObservation(True, True, AgentState.WAITING, 7, was_ready=True, evidence="hook")
ABSENT = SessionObservation(False, False, AgentState.UNKNOWN)

WAITING = [
    ("plan api|launch api|handoff api NEEDS_CONTEXT question=w", True),
    ("plan api db|launch api db|handoff api NEEDS_CONTEXT question=w", False),
    ("plan api db|launch api|handoff api NEEDS_CONTEXT question=w", False),
    ("plan api|launch api", False),
    ("plan api|launch api|handoff api|check api passed", False),
]


@pytest.mark.parametrize("answer", ["", "wait"])
def test_a_run_waits_for_people_until_its_pull_requests_are_merged_also_after_the_answer(answer: str) -> None:
    play = pulled()
    play.epic_report("api")
    for session in play.run.sessions:
        play.do(EndSession(session, "stopped"))
    if answer:
        play.answer("q2", answer)
    open_now = [question.id for question in play.run.open_questions()]
    assert open_now == ([] if answer else ["q2"])
    assert only_people_left(play.run, Observed(Moment(play.at), {}, None))
    reason = "waits for the merge of its pull requests into main; gitorch show q2 lists them"
    assert why(play.run, play.run.jobs[JobId("merge")]).startswith(reason if answer else "q2 waits for you: ")


@pytest.mark.parametrize(("script", "waiting"), WAITING)
def test_a_run_waits_for_people_when_nothing_else_can_go_on(script: str, waiting: bool) -> None:
    telling = Telling()
    for step in script.split("|"):
        telling.tell(step)
    play = telling.play
    sessions = dict.fromkeys(play.run.sessions, ABSENT) | {SessionId("s1"): READY}
    assert only_people_left(play.run, Observed(Moment(play.at), sessions, None)) is waiting
