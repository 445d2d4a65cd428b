"""The state of a conversation of Codex, from what its app-server tells in order."""

import pytest

from gitorch.model.app_server import (
    LimitsTold,
    PermissionAsked,
    RequestSettled,
    StatusChanged,
    TextTaken,
    Thread,
    ThreadsChanged,
    Turn,
    TurnChanged,
)
from gitorch.model.channel import ChannelObservation, UsageLimit
from gitorch.model.dialog import PermissionRequest
from gitorch.model.observed import AgentState
from gitorch.rules.agent_state.app_server import ThreadView, fold, main_thread, observation_of
from gitorch.rules.agent_state.limits import last_end

BEGUN = TurnChanged("t", Turn("u", "inProgress"))
ACTIVE, IDLE = StatusChanged("t", "active", ()), StatusChanged("t", "idle", ())
ASKING = StatusChanged("t", "active", ("waitingOnApproval",))
INPUT = StatusChanged("t", "active", ("waitingOnUserInput",))
FAILED = StatusChanged("t", "systemError", ())
REQUEST = PermissionRequest("0", "make", "commandExecution", "make", "/tree")
ASKED = PermissionAsked("t", REQUEST, {}, {})
LIMITED = TurnChanged("t", Turn("u", "failed", "usageLimitExceeded", "You've hit your usage limit."))
REFUSED = TurnChanged("t", Turn("u", "failed", "unauthorized", "401"))
FULL = LimitsTold((UsageLimit("primary", 100.0, 5_000), UsageLimit("secondary", 12.0, 9_000)))


def told(*facts):
    view = ThreadView(Thread("t", "idle", folder="/tree", is_users=True))
    for fact in facts:
        view = fold(view, fact)
    return view


@pytest.mark.parametrize(
    ("facts", "state", "evidence"),
    [
        ((), AgentState.IDLE, "codex: idle"),
        ((ACTIVE, BEGUN), AgentState.WORKING, "codex: active"),
        ((ACTIVE, BEGUN, IDLE), AgentState.WAITING, "codex: idle"),
        ((ACTIVE, ASKING), AgentState.DIALOG, "codex: waitingOnApproval"),
        ((ACTIVE, INPUT), AgentState.DIALOG, "codex: waitingOnUserInput"),
        ((ACTIVE, ASKED, ASKING, ACTIVE), AgentState.WORKING, "codex: active"),
        ((ACTIVE, FAILED, REFUSED), AgentState.ERROR, "codex: unauthorized"),
        ((ACTIVE, FAILED), AgentState.ERROR, "codex: error"),
        ((ACTIVE, FAILED, LIMITED), AgentState.LIMITED, "codex: usageLimitExceeded"),
        ((ACTIVE, BEGUN, FAILED), AgentState.UNKNOWN, "codex: systemError"),
        ((ACTIVE, BEGUN, FAILED, LIMITED), AgentState.LIMITED, "codex: usageLimitExceeded"),
        ((FAILED, LIMITED, ACTIVE), AgentState.WORKING, "codex: active"),
    ],
)
def test_the_newest_status_says_what_the_agent_does(facts, state, evidence):
    observed = observation_of(told(*facts))
    assert (observed.state, observed.evidence) == (state, evidence)


@pytest.mark.parametrize("status", ["notLoaded", "", "somethingNew"])
def test_a_status_that_says_nothing_leaves_the_state_to_others(status):
    assert observation_of(told(StatusChanged("t", status, ()))) is None


def test_an_approval_whose_request_has_not_come_follows_and_another_dialog_does_not():
    assert observation_of(told(ACTIVE, ASKING)).request_follows
    assert not observation_of(told(ACTIVE, ASKING, ASKED)).request_follows
    assert not observation_of(told(ACTIVE, INPUT)).request_follows


def test_a_request_waits_until_it_is_settled_however_often_it_is_told():
    view = told(ACTIVE, ASKED, ASKING, ASKED)
    assert observation_of(view) == ChannelObservation(AgentState.DIALOG, "codex: waitingOnApproval", REQUEST)
    assert [one.request for one in view.asked] == [REQUEST]
    assert fold(view, RequestSettled("t", "1")).asked == view.asked
    assert fold(view, RequestSettled("t", "0")).asked == ()
    assert fold(view, ACTIVE).asked == (), "whoever answered it"


def test_what_belongs_to_another_conversation_changes_nothing():
    view = told(ACTIVE, BEGUN)
    others = (StatusChanged("x", "idle", ()), TurnChanged("x", Turn("v", "completed")), TextTaken("x", "hello"))
    for fact in (*others, PermissionAsked("x", REQUEST, {}, {}), RequestSettled("x", "0"), ThreadsChanged()):
        assert fold(view, fact) == view


def test_a_turn_is_under_way_until_it_ends():
    assert told(BEGUN).turn_under_way == "u"
    assert told(BEGUN, TurnChanged("t", Turn("u", "completed"))).turn_under_way == ""
    assert told().turn_under_way == ""


def test_the_newest_texts_are_kept():
    texts = [TextTaken("t", str(n), f"c{n}") for n in range(10)]
    assert told(*texts).texts == tuple(texts[2:])


def test_a_usage_limit_ends_when_the_last_window_that_is_used_up_does():
    assert observation_of(told(FAILED, LIMITED, FULL)).resets_at == 5_000
    assert last_end([UsageLimit("primary", 100.0, 5_000), UsageLimit("secondary", 101.0, 9_000)]) == 9_000
    assert last_end([UsageLimit("primary", 99.0, 5_000)]) is None
    assert last_end([UsageLimit("primary", 100.0)]) is None


def test_ours_is_the_newest_conversation_of_a_user_in_its_folder():
    ours, older = (
        Thread("a", "idle", folder="/tree", is_users=True, updated_at=2),
        Thread("b", "idle", folder="/tree", is_users=True, updated_at=1),
    )
    title = Thread("c", "idle", folder="/tree", updated_at=3)
    elsewhere = Thread("d", "idle", folder="/other", is_users=True, updated_at=4)
    assert main_thread([title, older, ours, elsewhere], "/tree") == ours
    assert main_thread([title, elsewhere], "/tree") is None
