"""Whole dialogues with the command line, each answer to the letter: text, JSON, help, errors and exit status.

Run pytest with --rewrite-transcripts to write them as they are now, and read the difference.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from cli_dialogue import written_anew

from gitorch.verbs.table import VERBS

DIALOGUES = sorted(Path(__file__).parent.glob("dialogues/*.txt"))


@pytest.fixture(autouse=True)
def _width(monkeypatch):
    """As wide as the lines of help may be, so that the options of no verb are cut."""
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_every_answer_of_the_dialogue_is_given_to_the_letter(path, request):
    with tempfile.TemporaryDirectory(prefix="d") as short:  # a long path would be cut at the width of the terminal
        folder = Path(short) / "repo"
        folder.mkdir()
        now = written_anew(path, folder)
    if request.config.getoption("--rewrite-transcripts"):
        path.write_text(now, encoding="utf-8")
    assert now == path.read_text(encoding="utf-8")


def test_no_dialogue_contains_a_bug_or_a_timestamp_that_is_a_number():
    for path in DIALOGUES:
        text = path.read_text(encoding="utf-8")
        assert "\n[70]\n" not in text
        assert re.findall(r": 1[67][0-9]{11}\b", text) == [], path.stem


def test_the_dialogues_show_the_help_and_an_answer_of_every_verb():
    calls = [line.split() for path in DIALOGUES for line in path.read_text().splitlines() if line.startswith("$ ")]
    helped = {words[2] for words in calls if "--help" in words}
    answered = {words[2] for words in calls if "--help" not in words and len(words) > 2}
    assert helped >= VERBS.keys()
    assert answered >= VERBS.keys() - {"demo"}
