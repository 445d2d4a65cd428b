"""A session whose agent lives but shows nothing new: told apart from one at work and from one that is dead."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/rules/test_presence.py

SCRIPT = """
[[turn]]
job = "mute"
[[turn.step]]
say = "I begin."
[[turn.step]]
hang = true
"""


def presence(house: House) -> str:
    (row,) = house("session", "list", "--json").json["sessions"]
    return str(row["presence"])


def test_a_session_that_was_alive_is_stale_when_nothing_new_is_seen_of_it_for_long_enough(home_of_runs: House) -> None:
    house = home_of_runs
    house.configure(SCRIPT, silence=6)
    house.start("mute")
    beside = house.up_beside()
    house.until(lambda: house.tip() and house.records("prompt-delivered", job="mute"), "the brief")
    beside.send_signal(signal.SIGTERM)
    beside.wait(60)
    assert presence(house) == "alive"
    house.until(lambda: presence(house) == "stale", "a session that is stale")
    assert "stale" in house("session", "list").out
    assert house.records("session-nudged") == [], "looking changes nothing"
