"""What a reviewer cites is looked up before anybody reads it: file, line, and quoted words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from play import finding

from gitorch.rules.review.citations import citation_fault, with_citation_checked

FILE = b"def greet(name):\n    return name\n\ngreet(1)"
CASES = [
    ("a line that is there", 4, "", ""),
    ("the whole file", 0, "", ""),
    ("a line beyond the end", 9999, "", "the file has 4 lines at that commit"),
    ("a line before the beginning", -1, "", "the file has 4 lines at that commit"),
    ("words of that line", 2, "return name", ""),
    ("words with other blanks around them", 2, "  return name  ", ""),
    ("words of another line", 1, "return name", "line 1 does not read that at that commit"),
    ("words that nobody wrote", 2, "return None", "line 2 does not read that at that commit"),
    ("two lines from where they begin", 1, "def greet(name):\nreturn name", ""),
    (
        "two lines that do not follow each other",
        1,
        "def greet(name):\ngreet(1)",
        "line 1 does not read that at that commit",
    ),
    ("two lines of which one is beyond the end", 4, "greet(1)\nmore", "line 4 does not read that at that commit"),
    ("words from anywhere, with no line", 0, "greet(1)", ""),
    ("words from nowhere, with no line", 0, "leave(1)", "the file does not contain that quotation"),
]


@pytest.mark.parametrize(("line", "quote", "wrong"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_wrong_citation_is_named(line: int, quote: str, wrong: str) -> None:
    assert citation_fault(FILE, line, quote) == wrong


def test_an_empty_file_has_no_line_and_a_missing_one_is_missing() -> None:
    assert citation_fault(b"", 1) == "the file has 0 lines at that commit"
    assert citation_fault(b"", 0) == ""
    assert citation_fault(None, 0) == "there is no such file at that commit"


def test_a_finding_with_a_wrong_citation_is_doubtful() -> None:
    held = {"a.py": FILE}.get
    assert with_citation_checked(finding(path="a.py", line=1), held) == finding(path="a.py", line=1)
    wrong = with_citation_checked(finding(path="a.py", line=9), held)
    assert (wrong.doubtful, wrong.doubt) == (True, "the file has 4 lines at that commit")
    assert not with_citation_checked(finding(path="", line=0), held).doubtful
    assert not with_citation_checked(finding(path="gone.py", number=1, withdrawn=True), held).doubtful
