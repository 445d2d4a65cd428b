"""What a conversation of Codex has used, from the running totals that its app-server tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitorch.model.app_server import Thread
from gitorch.model.ids import Moment
from gitorch.model.work.usage import ModelUsage, total
from gitorch.rules.usage.conversations import Conversation

OURS = Thread("t", "idle", folder="/tree", is_users=True, created_at=10)
ANSWER = st.builds(ModelUsage, st.just(""), *[st.integers(0, 5)] * 5)


def after(*totals, thread=OURS):
    one = Conversation(thread)
    for told in totals:
        one = one.after(told)
    return one.used


@given(st.lists(ANSWER), st.data())
def test_what_was_used_is_the_last_total_whatever_was_told_twice_or_not_at_all(answers, data):
    totals = [total(answers[: number + 1]) for number in range(len(answers))]
    heard = data.draw(st.lists(st.sampled_from(range(len(totals))))) if totals else []
    heard = [totals[number] for number in sorted(heard)]
    used = after(*heard)
    assert (used.input, used.output, used.tokens) == (
        (heard[-1].input, heard[-1].output, heard[-1].tokens) if heard else (0, 0, 0)
    )
    assert used.requests == len({repr(one) for one in heard if not one.is_nothing})


def test_what_was_used_before_a_total_began_anew_stays_counted():
    told = (ModelUsage(input=100, output=10), ModelUsage(), ModelUsage(input=30, output=1))
    assert after(*told) == ModelUsage(input=130, output=11, requests=2)


@pytest.mark.parametrize(
    ("changes", "is_ours", "began_since"),
    [
        ({}, True, True),
        ({"folder": "/elsewhere"}, False, True),
        ({"is_users": False}, False, True),
        ({"is_users": False, "parent": "t"}, True, True),
        ({"is_copy": True}, True, False),
        ({"created_at": 9}, True, False),
        ({"created_at": 11}, True, True),
    ],
)
def test_a_conversation_counts_if_it_is_of_the_session_and_no_older(changes, is_ours, began_since):
    one = Conversation(Thread("t", "idle", **{"folder": "/tree", "is_users": True, "created_at": 10, **changes}))
    assert one.is_ours("/tree") is is_ours
    assert one.began_since(Moment(10_999)) is began_since
