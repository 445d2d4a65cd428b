"""The page of the delivery matrix: what was seen, whole, and nothing in it lost or typed in the wrong place."""

import pytest
from matrix import BY_CHANNEL, PAGE, SEEN, TEXTS, WAYS, load, page

NONE = {("aider", "argument"), ("opencode", "first paste", "dialog open"), ("codex", "first paste")}
"""aider ends after a prompt that is given as an argument; OpenCode asks nothing at its start; Codex is never pasted to first."""


def test_the_page_shows_what_was_seen():
    assert PAGE.read_text(encoding="utf-8") == page()


ARRIVED = {"acknowledged", "delivered", "submitted"}


@pytest.mark.parametrize("program", sorted(path.stem for path in SEEN.glob("*.json")))
def test_every_cell_was_seen_and_nothing_was_lost_or_typed_in_the_wrong_place(program):
    seen = load(program)
    for way, moments in seen.cells.items():
        for moment, cells in moments.items():
            assert list(cells) == [text.name for text in TEXTS], (way, moment)
            for text in TEXTS:
                cell = cells[text.name]
                last = cell.then or cell.receipt
                takes = text.given if program in BY_CHANNEL and way != "argument" else text.arrives
                assert (last in ARRIVED) == bool(takes and moment != "just exited"), text
    assert {way: tuple(moments) for way, moments in seen.cells.items()} == {
        way: tuple(moment for moment in moments if (program, way, moment) not in NONE)
        for way, moments in WAYS.items()
        if (program, way) not in NONE
    }
