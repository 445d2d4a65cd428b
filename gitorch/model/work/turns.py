"""What is recorded of turns that fail: a list of its own beside `events`, which names them with all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value

if TYPE_CHECKING:
    from gitorch.model.ids import JobId, SessionId


class TurnFailed(Value):
    """The turn of an agent ended in an error. Its program waits at its prompt, and goes on only when it is told to."""

    session: SessionId
    job: JobId
    words: str
    """What the program says of the error, in one line; the sign of it where the program says nothing."""
    evidence: str
    """The sign."""


class TurnResumed(Value):
    """An agent whose turn had failed works again, without a prompt of gitorch's."""

    session: SessionId
    job: JobId
