"""What a session was told is written down while it is there."""

from __future__ import annotations

from play import Play

from gitorch.model import commands as c
from gitorch.model.ids import Moment, PromptId
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.rules.reconcile import reconcile


def test_receipts_of_a_session_are_recorded_before_its_end_and_not_after():
    play = Play()
    play.begin({"api": ()})
    play.grant("api")
    session = play.session("api")
    gone = {session: SessionObservation(False, True, AgentState.UNKNOWN)}
    seen = Observed(Moment(play.at), gone, None, sent={(session, PromptId("p1")): "submitted"})
    told, end, *_ = reconcile(play.run, seen)
    assert (type(told), type(end)) == (c.RecordDelivery, c.EndSession)
    play.do(end)
    assert play.do(told) == ()
