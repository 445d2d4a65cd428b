"""A usage limit of Gemini CLI in its terminal: one of more than five minutes is a dialog with its end, a shorter one it waits out silently."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from bench import KEY, bench
from mind import Cue, Mind
from programs import PROGRAMS
from waiting import until

from gitorch.model.observed import READY, AgentState
from gitorch.model.plans.permission import Option, PermissionAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench import Bench
    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

NAME = "gemini"
HOURS, SECONDS = 10_800, 8
MINUTE_MS = 60_000
"""The dialog names the end to the minute."""


@pytest.fixture
def one(tmp_path: Path, api: StandIn) -> Iterator[Bench]:
    """Gemini CLI after its first turn."""
    if not PROGRAMS[NAME].installed:
        pytest.skip(f"{NAME} is not installed: make agents")
    api.mind = Mind(Cue("", says="Done."))
    with bench(tmp_path, api, NAME) as made:
        made.begin("Say hello.")
        made.until(lambda seen: seen.state in READY and api.told(NAME), "its prompt")
        yield made


def test_a_limit_of_hours_is_told_with_its_end_and_its_dialog_gets_no_text(one: Bench, api: StandIn) -> None:
    api.mind = Mind(Cue(r"\AUse it up", resets_seconds=HOURS), Cue("", says="Done."))
    one.deliver("t1", "Use it up.")
    ends = time.time() * 1000 + HOURS * 1000
    seen = one.until(lambda seen: seen.state is AgentState.LIMITED, "the limit")
    assert abs(seen.resets_at - ends) < 2 * MINUTE_MS
    assert one.give("t2", "Go on.").startswith("refused: ")
    assert one.terminals.screen(KEY).count("Keep trying") == 1, "nothing was answered"

    api.mind = Mind(Cue("", says="Done."))
    answer = PermissionAnswer("Usage limit reached for all Pro models.", Option.ONCE, "the limit is over")
    assert one.terminals.answer(KEY, answer) == "answered"
    one.until(lambda seen: seen.state in READY, "the end of the turn that had to wait")
    assert one.deliver("t2", "Go on.") == "delivered"
    one.until(lambda seen: seen.state in READY and api.told(NAME)[-1] == "Go on.", "the next turn")
    assert set(api.told(NAME)) == {"Say hello.", "Use it up.", "Go on."}


def test_a_limit_of_seconds_is_waited_out_by_the_program_which_counts_as_at_work(one: Bench, api: StandIn) -> None:
    api.mind = Mind(Cue(r"\AUse it up", resets_seconds=SECONDS), Cue("", says="Done."))
    one.deliver("t1", "Use it up.")
    states = set()
    one.until(
        lambda seen: states.add(seen.state) or (seen.state in READY and len(api.served) > 1), "the end of its turn"
    )
    assert states <= READY | {AgentState.WORKING}
    assert one.screen().count("Keep trying") == 0


def test_after_a_person_stopped_it_there_its_error_tells_the_end(one: Bench, api: StandIn) -> None:
    api.mind = Mind(Cue(r"\AUse it up", resets_seconds=HOURS), Cue("", says="Done."))
    one.deliver("t1", "Use it up.")
    ends = time.time() * 1000 + HOURS * 1000
    one.until(lambda seen: seen.state is AgentState.LIMITED, "the limit")
    one.tmux("send-keys", "-t", one.key.name, "Down")
    until(lambda: "● 2. Stop" in one.screen(), what="the other choice")
    one.tmux("send-keys", "-t", one.key.name, "Enter")
    until(lambda: "Keep trying" not in one.screen(), what="the end of the dialog")
    seen = one.until(lambda seen: seen.state is AgentState.LIMITED, "the error, which names the limit")
    assert abs(seen.resets_at - ends) < 2 * MINUTE_MS
