"""Each transcript in `tests/transcripts` tells what the rules do today; `pytest --rewrite-transcripts` writes them anew."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from telling import retold

TRANSCRIPTS = sorted((Path(__file__).parents[1] / "transcripts").glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=[path.stem for path in TRANSCRIPTS])
def test_a_transcript_tells_what_happens(path: Path, request) -> None:
    told = path.read_text(encoding="utf-8")
    again = retold(told)
    if request.config.getoption("--rewrite-transcripts"):
        path.write_text(again, encoding="utf-8")
        told = again
    assert told == again


def test_a_wrong_sentence_and_a_missing_one_are_noticed() -> None:
    right = retold("> plan api\n\n> launch api\n")
    assert right == retold(right)
    for wrong in (right.replace("run started\n", ""), right.replace("lease granted", "lease refused")):
        assert wrong != right
        assert retold(wrong) == right


def test_every_lifecycle_has_a_transcript() -> None:
    assert len(TRANSCRIPTS) >= 7
