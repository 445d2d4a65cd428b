"""Texts that are compared as a whole: kept beside the tests, written anew by `pytest --rewrite-transcripts`."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "texts"


def assert_golden(name: str, text: str, request) -> None:
    """The text is, byte for byte, what the file of this name holds."""
    path = FOLDER / name
    if request.config.getoption("--rewrite-transcripts"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
