"""Agents that fall silent, and people who do: one nudge, then an escalation; reminders that never decide anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from house import House

pytestmark = [pytest.mark.tmux, pytest.mark.slow]  # quick: tests/rules/test_silence.py, tests/app/test_turns.py

SCRIPT = """
[[turn]]
job = "prosaic.spec"
prompt = "brief"
[[turn.step]]
prose_verdict = "Looks good to me: accept. LGTM, approved."

[[turn]]
job = "mute"
[[turn.step]]
hang = true
once = true
[[turn.step]]
write = "mute.md"
text = "At last."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "failing"
[[turn.step]]
error = "API Error: 500 the service is overloaded"
once = true
[[turn.step]]
error = "API Error: 529 the service is still overloaded"
once = true
[[turn.step]]
write = "failing.md"
text = "The service answers."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"

[[turn]]
job = "blocked"
[[turn.step]]
block = "The schema is not merged"
clears = "Migration 12 on main"
[[turn.step]]
write = "blocked.md"
text = "Done at last."
[[turn.step]]
commit = "Write it"
[[turn.step]]
handoff = "DONE"
"""


@pytest.fixture(scope="module")
def silence(home_of_runs: House) -> House:
    """A run that went on for long enough that everybody who is silent was noticed."""
    house = home_of_runs
    house.configure(SCRIPT, silence=8, remind=1)
    house.start("prosaic", "mute", "failing", "blocked")
    house.up()
    return house


def test_praise_is_no_verdict(silence: House) -> None:
    assert "LGTM" in silence("peek", "prosaic.spec", "--history", "200").out
    (nudged,) = silence.records("session-nudged", job="prosaic.spec")
    (verdict,) = silence.records("verdict-given", subject="prosaic")
    assert nudged["_seq"] < verdict["_seq"], "the verdict came when the reviewer was nudged"


def test_an_agent_that_stays_silent_after_one_nudge_is_escalated_once_with_its_screen(silence: House) -> None:
    (nudged,) = silence.records("session-nudged", job="mute")
    (asked,) = silence.records("escalated", job="mute")
    assert asked["trigger"] == "stuck:mute:1"
    assert "Brief of mute" in asked["evidence"]
    assert nudged["_seq"] < asked["_seq"]


def test_an_agent_whose_turn_fails_is_nudged_once_and_is_then_one_question_with_its_words(silence: House) -> None:
    first, second = silence.records("turn-failed", job="failing")
    assert (first["words"], second["words"]) == (
        "API Error: 500 the service is overloaded",
        "API Error: 529 the service is still overloaded",
    )
    (nudged,) = silence.records("session-nudged", job="failing")
    (asked,) = silence.records("escalated", job="failing")
    assert first["_seq"] < nudged["_seq"] < second["_seq"] < asked["_seq"]
    assert asked["happened"].endswith("failed its turn: API Error: 529 the service is still overloaded")
    for words in (("why", "failing"), ("status",), ("inbox",)):
        assert "API Error: 529" in silence(*words).out, words


def test_who_waits_for_people_is_not_nudged(silence: House) -> None:
    assert not silence.records("session-nudged", job="blocked")
    (asked,) = silence.records("escalated", job="blocked")
    assert asked["trigger"] == "blocked:blocked:1"
    assert "The schema is not merged" in asked["happened"]
    assert "Migration 12 on main" in asked["evidence"]


def test_an_open_question_is_reminded_of_and_answers_nothing_itself(silence: House) -> None:
    silence.up_beside("--wait")
    asked = {q["question"] for q in silence.records("escalated")}
    silence.until(lambda: {q["question"] for q in silence.records("question-reminded")} >= asked, "reminders")
    assert not silence.records("question-answered")
    assert silence.phase("mute") == "running"


def test_a_blocker_that_is_cleared_lets_the_same_agent_go_on(silence: House) -> None:
    silence("answer", silence.question(job="blocked"), "cleared", "Merged", "an", "hour", "ago.")
    silence.until(lambda: silence.phase("blocked") == "completed", "the blocked epic")
    first, second = silence.records("handoff-submitted", job="blocked")
    assert (first["status"], second["status"]) == ("BLOCKED", "DONE")
    assert not silence.records("session-nudged", job="blocked"), "silence counts from the answer"
    assert first["session"] == second["session"]


def test_an_agent_whose_service_answers_again_goes_on_when_the_principal_says_so(silence: House) -> None:
    silence("answer", silence.question(job="failing"), "cleared")
    silence.until(lambda: silence.phase("failing") == "completed", "the epic whose turns failed")
    assert len(silence.records("lease-granted", job="failing")) == 1, "the same agent went on"


def test_a_stuck_agent_is_started_anew_when_the_principal_says_so(silence: House) -> None:
    stuck = silence.records("lease-granted", job="mute")[0]["session"]
    silence("answer", silence.question(job="mute"), "retry")
    silence.until(lambda: silence.phase("mute") == "completed", "the epic that was stuck")
    (ended,) = silence.records("lease-ended", job="mute")
    assert ended["reason"] == "revoked"
    assert [e["how"] for e in silence.records("session-ended", session=stuck)] == ["stopped"]
    (handed,) = silence.records("handoff-submitted", job="mute")
    assert handed["session"] != stuck
    silence.until(lambda: not [p for p in silence.processes() if "scripted" in p], "the end of every agent")
