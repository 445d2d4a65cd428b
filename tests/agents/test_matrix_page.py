"""The page of the delivery matrix: what was seen, whole, and nothing in it lost or typed in the wrong place."""

import pytest
from matrix import ACP, ARRIVED, BY_CHANNEL, PAGE, SEEN, TEXTS, WAYS, arriving, load, page

NONE = {("aider", "argument")} | {(name, "argument") for name in ACP} | {(name, "first paste") for name in BY_CHANNEL}
"""aider ends after a prompt that is given as an argument; a channel delivers every prompt that is none in the same way."""


def test_the_page_shows_what_was_seen():
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("program", sorted(path.stem for path in SEEN.glob("*.json")))
def test_every_cell_was_seen_and_nothing_was_lost_or_typed_in_the_wrong_place(program):
    seen = load(program)
    for way, moments in seen.cells.items():
        for moment, cells in moments.items():
            assert list(cells) == [text.name for text in TEXTS], (way, moment)
            for text in TEXTS:
                cell = cells[text.name]
                last = cell.then or cell.receipt
                arrives = bool(arriving(program, way, text) and moment != "just exited")
                assert (last in ARRIVED) == arrives, text
    assert {way: tuple(moments) for way, moments in seen.cells.items()} == {
        way: moments for way, moments in WAYS.items() if (program, way) not in NONE
    }
