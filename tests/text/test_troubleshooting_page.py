"""Each message on the page of troubleshooting is one that gitorch prints; `…` stands for what is filled in."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEADINGS = re.findall(r"^### (.+)$", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE)
LETTERS_MIN = 12
"""Shorter parts between two things that are filled in say nothing."""


@cache
def source() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "gitorch").rglob("*.py")).replace("`", "")


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_message_on_the_page_is_one_that_gitorch_prints(heading):
    fixed = [part for part in heading.replace("`", "").split("…") if len(part) >= LETTERS_MIN]
    assert fixed
    assert [part for part in fixed if part not in source()] == []


def test_the_page_has_messages_of_every_part_of_a_run():
    assert len(HEADINGS) > 15
