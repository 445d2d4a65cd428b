"""A hundred texts of every kind over each channel that takes prompts: each arrives once, byte for byte, and nothing is typed."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING

import pytest
from bench import bench
from matrix import BY_CHANNEL, TEXTS, arriving
from mind import Cue, Mind
from programs import PROGRAMS

from gitorch.model.observed import READY

if TYPE_CHECKING:
    from pathlib import Path

    from stand_in import StandIn

pytestmark = [pytest.mark.tmux, pytest.mark.agents]

LINES = "Three lines with `backquotes`, $(id) and\n! a second one\n\tindented, and Ünïcode 🙂"


def hundred(name: str) -> list[str]:
    """Every text of the matrix that the channel takes, over and over, each with a number of its own."""
    taken = [text.given for text in TEXTS if arriving(name, "later paste", text)]
    return [f"{text} {number}" for number, text in enumerate(islice(cycle([*taken, LINES]), 100))]


@pytest.mark.parametrize("name", sorted(BY_CHANNEL))
def test_a_hundred_texts_reach_the_model_byte_for_byte_and_are_acknowledged(
    tmp_path: Path, api: StandIn, name: str
) -> None:
    if not PROGRAMS[name].installed:
        pytest.skip(f"{name} is not installed: make agents")
    api.mind = Mind(Cue("", says="Done."))
    texts = hundred(name)
    with bench(tmp_path, api, name) as one:
        one.begin("Say hello.")
        one.until(lambda seen: seen.state in READY and seen.channel != "terminal" and api.told(name), "its prompt")
        receipts = []
        for number, text in enumerate(texts):
            receipts.append(one.deliver(f"t{number}", text))
            one.until(lambda seen: seen.state in READY, "its prompt again")
        assert api.told(name) == ["Say hello.", *texts]
        assert set(receipts) == {"acknowledged"}
        typed = one.tmux("display-message", "-p", "-t", one.key.name, "#{@gitorch_typed}")
        assert typed.strip() == "", "nothing was ever typed"
