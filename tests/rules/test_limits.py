"""When a usage limit ends, as the programs say it."""

from __future__ import annotations

import pytest

from gitorch.model.ids import Moment
from gitorch.rules.agent_state.limits import resets_at

HOUR = 3_600_000
NOON = Moment(1_795_262_400_000 // (24 * HOUR) * 24 * HOUR + 12 * HOUR)
"""Noon in UTC."""


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("5-hour limit reached ∙ resets 3pm", 3),
        ("5-hour limit reached ∙ resets 11am", 23),
        ("You've hit your session limit · resets 3:30pm (UTC)", 3.5),
        ("Claude usage limit reached. Your limit will reset at 12am", 12),
        ("Limit reached · resets 12pm", 1 / 60),
        ("■ You've hit your usage limit. Upgrade to Pro or try again at 2:15 PM.", 2.25),
        ("■ You've hit your usage limit. Try again in 3 days 4 hours 5 minutes.", 76 + 5 / 60),
        ("■ Usage limit. Try again in 2h 30m", 2.5),
        ("Usage limit reached. Access resets at 14:00 UTC.", 2),
        ("⏳ Usage limit reached; resets in 90 s", 90 / 3600),
        ("resets at 12:30 am", 12.5),
        ("resets at 0:00", 12),
        ("resets at 23:59", 11 + 59 / 60),
        ("resets at 12:00", 1 / 60),
        ("resets at 12:01", 1 / 60),
        ("available at 1 a.m.", 13),
        ("RESETS 3PM", 3),
        ("wait 1 day, 2 hours and 3 minutes", 26 + 3 / 60),
        ("retry 10s", 10 / 3600),
        ("Please retry in 34.5s.", 34.5 / 3600),
        ("Your quota will reset after 1h30m0.5s.", 1.5 + 0.5 / 3600),
        ("resets 3pm, then try again in 2 hours", 2),
        ("try again in 2 hours\nit resets 3pm", 3),
        ("try again in 2 hours, or try again in 3 hours", 3),
        ("resets 3pm, resets 5pm", 5),
        ("resets in 5 s\nlater it said: resets in 2 hours", 2),
    ],
)
def test_a_reset_time_is_read_from_the_program_s_sentence(text, hours):
    assert resets_at(text, NOON, 0) == NOON + hours * HOUR


def test_a_limit_that_ends_in_the_minute_in_which_it_is_printed_does_not_last_a_day():
    assert resets_at("resets 12pm", Moment(NOON + 59_999), 0) == NOON + 60_000
    assert resets_at("resets 12pm", Moment(NOON + 60_000), 0) == NOON + 24 * HOUR


def test_a_time_of_day_is_local_unless_it_names_utc():
    assert resets_at("resets 3pm", NOON, 120) == NOON + HOUR, "it is 14 o'clock here"
    assert resets_at("resets 3pm", NOON, -300) == NOON + 8 * HOUR
    assert resets_at("resets 3pm (UTC)", NOON, 120) == NOON + 3 * HOUR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "You are limited.",
        "resets soon",
        "resets at 27:00",
        "resets at 24:00",
        "resets at 12:60",
        "it took 3 minutes",
        "try 3 things",
        f"try again in {'9' * 5_000} hours",
    ],
)
def test_a_text_without_a_time_has_no_reset_time(text):
    assert resets_at(text, NOON, 0) is None
