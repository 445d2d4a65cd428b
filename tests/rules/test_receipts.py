"""What a session was told is written down while it is there."""

from __future__ import annotations

import copy

from play import Play

from gitorch.model import commands as c
from gitorch.model.channel import ReceiptGrade
from gitorch.model.ids import JobId, Moment, PromptId
from gitorch.model.observed import AgentState, Observed, SessionObservation
from gitorch.rules.reconcile import reconcile
from gitorch.rules.views.why import why


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


def test_why_says_that_it_is_unknown_whether_the_last_prompt_arrived():
    play = Play()
    play.begin({"api": ()})
    play.grant("api")
    play.alive("api")
    session = play.session("api")
    for receipt in ReceiptGrade:
        at = copy.deepcopy(play)
        at.do(c.RecordDelivery(session, PromptId("p1"), receipt))
        doubt = "; whether p1 (brief) arrived is unknown: gitorch peek s1"
        expected = doubt if receipt is ReceiptGrade.UNKNOWN else ""
        assert why(at.run, at.run.jobs[JobId("api")]) == f"session s1 is at work{expected}"
