"""What those who submit a report or a verdict are told about its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import events
from gitorch.model.counts import counted

if TYPE_CHECKING:
    from gitorch.model.events import Event


def what_follows(happened: tuple[Event, ...]) -> str:
    """What an agent is told after its report or verdict: a sentence about the result, and another one if it has to wait."""
    return "".join(_outcome(happened))


def what_happened(happened: tuple[Event, ...]) -> str:
    """What a person is told: the sentence about the result alone."""
    return _outcome(happened)[0]


def _outcome(happened: tuple[Event, ...]) -> tuple[str, str]:
    """A sentence about the newest event that matters to the caller, and one for an agent that has to wait, else an empty text."""
    for event in reversed(happened):
        if isinstance(event, events.GatePassed):
            return f"{event.job} is cleared at {event.commit[:12]}.", ""
        if isinstance(event, events.FindingsListed):
            return f"{event.job} goes back to its author with {counted(len(event.findings), 'finding')}.", ""
        if isinstance(event, events.Escalated | events.QuestionAsked):
            return f"{event.question} waits for a human.", " Stop here; the answer comes to this terminal."
        if isinstance(event, events.HandoffSubmitted):
            waits = " Stop here; findings or your clearance come to this terminal."
            return f"{event.job} is handed in at {event.commit[:12]}.", waits
        if isinstance(event, events.VerdictGiven):
            return f"Your verdict on {event.subject} is recorded: {event.verdict}. You are done.", ""
    return "Nothing changed.", ""
