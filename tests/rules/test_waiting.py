"""When a run goes on only after a person acts."""

from __future__ import annotations

import pytest
from telling import Telling

from gitorch.model.ids import Moment, SessionId
from gitorch.model.observed import AgentState, Observed, SessionObservation
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


@pytest.mark.parametrize(("script", "waiting"), WAITING)
def test_a_run_waits_for_people_when_nothing_else_can_go_on(script: str, waiting: bool) -> None:
    telling = Telling()
    for step in script.split("|"):
        telling.tell(step)
    play = telling.play
    sessions = dict.fromkeys(play.run.sessions, ABSENT) | {SessionId("s1"): READY}
    assert only_people_left(play.run, Observed(Moment(play.at), sessions, None)) is waiting
