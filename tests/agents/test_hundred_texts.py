"""A hundred texts of every kind for each program: each arrives once, byte for byte, and the program says so.

Nothing is typed where a channel takes prompts. Claude Code and Gemini CLI are typed to, and their hooks tell each text.
"""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING

import pytest
from bench import bench
from matrix import BY_CHANNEL, TEXTS, arriving
from mind import Cue, Mind
from programs import PROGRAMS

from gitorch.model.ids import PromptId
from gitorch.model.observed import READY

if TYPE_CHECKING:
    from pathlib import Path

    from stand_in import StandIn

    from gitorch.model.observed import SessionObservation

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

LINES = "Three lines with `backquotes`, $(id) and\n! a second one\n\tindented, and Ünïcode 🙂"
TYPED_BYTES = 480
"""What is typed is one line of at most 500 bytes, and each text has its number behind it."""


RECEIPTS = {"gemini": "delivered"}
"""The receipts of programs without a channel, whose hooks show the text."""


def has_channel(name: str, seen: SessionObservation) -> bool:
    """Whether its channel tells its state, where it has one."""
    return name in RECEIPTS or seen.channel != "terminal"


def hundred(name: str) -> list[tuple[str, str]]:
    """Every text of the matrix that the program takes, over and over, each with a number of its own, and what must arrive."""
    taken = [(text.given, arriving(name, "later paste", text)) for text in TEXTS]
    if name in BY_CHANNEL:
        taken.append((LINES, LINES))
    else:
        taken = [(given, arrives) for given, arrives in taken if len(arrives.encode()) < TYPED_BYTES]
    pairs = islice(cycle([(given, arrives) for given, arrives in taken if arrives]), 100)
    return [(f"{given} {number}", f"{arrives} {number}") for number, (given, arrives) in enumerate(pairs)]


@pytest.mark.parametrize("name", sorted({*BY_CHANNEL, "claude", "gemini"}))
def test_a_hundred_texts_reach_the_model_byte_for_byte_and_are_acknowledged(
    tmp_path: Path, api: StandIn, name: str
) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    api.mind = Mind(Cue("", says="Done."))
    texts = hundred(name)
    with bench(tmp_path, api, name) as one:
        one.begin("Say hello.")
        one.until(lambda seen: seen.state in READY and has_channel(name, seen) and api.told(name), "its prompt")
        for number, (given, _) in enumerate(texts):
            one.deliver(f"t{number}", given)
            one.until(lambda seen: seen.state in READY, "its prompt again")
        # A text is acknowledged before its model is asked, and the program still counts as at rest then.
        one.until(
            lambda seen: seen.state in READY and len(api.told(name)) > len(texts),
            "the last text, and the end of its turn",
        )
        assert api.told(name) == ["Say hello.", *(arrives for _, arrives in texts)]
        receipts = one.terminals.receipts(
            one.key
        )  # raised where the program's word came after the call, on a busy machine
        told = {receipts[PromptId(f"t{number}")] for number in range(len(texts))}
        assert told == {RECEIPTS.get(name, "acknowledged")}
        typed = one.tmux("display-message", "-p", "-t", one.key.name, "#{@gitorch_typed}")
        assert (typed.strip() == "") is (name in BY_CHANNEL), "typed only where no channel takes prompts"
