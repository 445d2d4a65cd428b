"""Terminal output as text."""

from __future__ import annotations

import re


def without_sequences(text: str) -> str:
    """Terminal output without escape sequences, control characters and empty lines.

    A move to another column becomes a blank, a move to another row becomes a new line.
    """
    text = re.sub(r"\x1b\[\d*[CG]", " ", text)
    text = re.sub(r"\x1b\[\d*(?:;\d*)?[BEHf]", "\n", text)
    text = re.sub(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[\[()][0-?]*[ -/]*[@-~]?|\x1b.", "", text)
    text = re.sub(r"\r+\n|\r", "\n", text)
    text = re.sub(r"[^\S\n]+$|[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text, flags=re.MULTILINE)
    return "\n".join(line for line in text.split("\n") if line.strip())
