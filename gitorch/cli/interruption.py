"""The end of a command that a human declined or interrupted."""

from __future__ import annotations

INTERRUPTED = 130


class Interrupted(Exception):
    """A human declined or interrupted; the message names the omitted action, or the work that continues."""

    def __init__(self, message: str, status: int = INTERRUPTED) -> None:
        super().__init__(message)
        self.status = status
