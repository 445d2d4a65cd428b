"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from gitorch.model.counts import counted, noun_for


@pytest.mark.parametrize(
    ("number", "one", "several", "words"),
    [
        (0, "file", "", "0 files"),
        (1, "file", "", "1 file"),
        (2, "file", "", "2 files"),
        (1, "branch", "branches", "1 branch"),
        (3, "branch", "branches", "3 branches"),
        (-1, "line", "", "-1 lines"),
    ],
)
def test_a_noun_agrees_with_its_number(number, one, several, words):
    assert counted(number, one, several) == words
    assert f"{number} {noun_for(number, one, several)}" == words
