"""Names on their way to this system: the model has text (`model.path_text`), the system has bytes."""

from __future__ import annotations

import os

from gitorch.model.path_text import bytes_of


def system_name(text: str) -> str:
    """The name or path as Python hands it to the system, from its text."""
    return os.fsdecode(bytes_of(text))
