"""What a channel tells counts above hooks, title and screen, and what of those still corrects it."""

import pytest

from gitorch.model.channel import ChannelObservation, PermissionRequest
from gitorch.model.observed import AgentState as S
from gitorch.model.observed import SessionObservation
from gitorch.model.plans.permission import Option, PermissionAnswer
from gitorch.rules.agent_state.by_channel import readings_below, with_channel
from gitorch.rules.agent_state.judge import StateReading, judge
from gitorch.rules.agent_state.requests import dialog_of, option_chosen

NOW = 1_000_000
REQUEST = PermissionRequest("r1", "make all", "Bash", "make all", "/srv/a")


@pytest.mark.parametrize(
    ("told", "hook", "screen", "state"),
    [
        (S.IDLE, S.WORKING, S.UNKNOWN, S.IDLE),
        (S.IDLE, S.DIALOG, S.IDLE, S.IDLE),
        (S.WORKING, S.DIALOG, S.WORKING, S.WORKING),
        (S.WORKING, S.WAITING, S.IDLE, S.WORKING),
        (S.DIALOG, S.WORKING, S.IDLE, S.DIALOG),
        (S.IDLE, S.ERROR, S.IDLE, S.ERROR),
        (S.WORKING, S.ERROR, S.IDLE, S.WORKING),
        (S.IDLE, S.UNKNOWN, S.DIALOG, S.DIALOG),
        (S.IDLE, S.UNKNOWN, S.LIMITED, S.LIMITED),
        (S.IDLE, S.UNKNOWN, S.ERROR, S.IDLE),
        (S.WORKING, S.UNKNOWN, S.LIMITED, S.WORKING),
        (S.UNKNOWN, S.WAITING, S.IDLE, S.WAITING),
        (None, S.WORKING, S.UNKNOWN, S.WORKING),
    ],
)
def test_the_word_of_a_channel_beside_hooks_and_screen(told, hook, screen, state):
    long_ago = NOW - 60_000
    channel = ChannelObservation(told, "fake: told") if told is not None else None
    signals = [StateReading(hook, "hook", long_ago)] if hook is not S.UNKNOWN else []
    shown = [StateReading(screen, "screen", long_ago)]
    assert judge(readings_below(channel, signals, shown, NOW), ready_seen=True, now=NOW)[0] is state


def seen(state):
    return SessionObservation(present=True, started=True, state=state, asked="what the screen shows")


def test_a_request_that_a_channel_tells_replaces_what_the_screen_shows():
    found = with_channel(seen(S.DIALOG), ChannelObservation(S.DIALOG, "fake: told", REQUEST))
    assert (found.asked, found.dialog, found.request) == ("make all", "permission", REQUEST)
    assert [choice.word for choice in found.offered.choices] == ["allow", "reject"]


def test_no_request_is_shown_beside_another_state():
    found = with_channel(seen(S.WORKING), ChannelObservation(S.DIALOG, "fake: told", REQUEST))
    assert (found.request, found.offered) == (None, None)


def test_the_end_of_a_limit_comes_from_the_channel_where_it_knows_it():
    assert with_channel(seen(S.LIMITED), ChannelObservation(S.LIMITED, "", None, 7)).resets_at == 7
    assert with_channel(seen(S.LIMITED), None).resets_at is None


@pytest.mark.parametrize(("word", "option"), [("allow", Option.ONCE), ("reject", Option.REJECT)])
def test_a_human_chooses_by_the_label_of_exactly_this_request(word, option):
    label = dialog_of(REQUEST).label(word)
    assert option_chosen(REQUEST, PermissionAnswer(label, Option.CHOSEN, "q1")) is option
    other = PermissionRequest("r2", "make all", "Bash", "make all", "/srv/a")
    assert option_chosen(other, PermissionAnswer(label, Option.CHOSEN, "q1")) is None


@pytest.mark.parametrize(
    ("asked", "option", "expected"),
    [
        ("make all", Option.ONCE, Option.ONCE),
        ("make all", Option.REJECT, Option.REJECT),
        ("make", Option.ONCE, None),
        ("make all", Option.TRUST, None),
    ],
)
def test_a_rule_answers_only_the_whole_text_of_a_request_and_trusts_nothing(asked, option, expected):
    assert option_chosen(REQUEST, PermissionAnswer(asked, option, "make .*")) is expected
