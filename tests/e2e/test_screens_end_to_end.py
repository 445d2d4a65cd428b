"""The page of screens is what a run shows today; `pytest --rewrite-transcripts` writes it anew."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from house import house

sys.path.insert(0, str(Path(__file__).parents[1]))
from screens import page

pytestmark = [pytest.mark.tmux, pytest.mark.slow]
PAGE = Path(__file__).parents[2] / "docs/screens.md"


def test_the_page_of_screens_shows_what_a_run_shows(tmp_path: Path, request) -> None:
    with house(tmp_path, "shop") as made:
        told = page(made)
    if request.config.getoption("--rewrite-transcripts"):
        PAGE.write_text(told, encoding="utf-8")
    assert in_words(PAGE.read_text(encoding="utf-8")) == in_words(told)


def in_words(text: str) -> list[str]:
    """The words alone: numbers of seconds, how wide a column is, and where a line is broken depend on how long a run took."""
    return re.sub(r"\b\d+ s\b", "some s", text).split()
