"""Texts that are compared as a whole: kept in `texts` beside the test, written anew by `pytest --rewrite-transcripts`."""

from __future__ import annotations


def assert_golden(name: str, text: str, request) -> None:
    """The text is, byte for byte, what the file of this name holds."""
    path = request.path.parent / "texts" / name
    if request.config.getoption("--rewrite-transcripts"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
