"""Agents whose turn ended in an error: recorded, nudged once, then asked about, and left alone once they work again.

A program whose turn failed shows an ordinary prompt below its error and does nothing more by itself (T18).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.observed import READY, AgentState
from gitorch.model.work.question import FAILED_TURN

if TYPE_CHECKING:
    from gitorch.model.commands import Command
    from gitorch.model.ids import Moment
    from gitorch.model.observed import SessionObservation
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

RECOVERY_MS = 60_000
"""How long after a failed turn its agent is nudged: a service that failed for a moment answers again by then."""

SETTLE_MS = 10_000
"""For how long after a prompt the error of an earlier turn may still show."""

OPTIONS: tuple[str, ...] = ("cleared", "retry", "stop_epic", "stop_run")

SIGN_IN = re.compile(r"\b(?:401|403|log ?in|sign ?in|unauthori[sz]ed|unauthenticated|api[ _-]?key)\b", re.IGNORECASE)
"""What a program says that is not signed in, or whose key is refused."""


def failed_turn(run: Run, job: JobState, session: Session, seen: SessionObservation, now: Moment) -> Command | None:
    """What follows from a failed turn: its record, a nudge, a question, or the record that the agent works again."""
    if session.failed_at is not None and works_again(session, seen):
        return commands.RecordResumedTurn(session.id)

    if seen.state is not AgentState.ERROR:
        return None

    half_patience_ms = run.limits_of(session.lane).silence_seconds * 500  # before its silence counts
    if session.failed_at is None:
        return _record(session, seen, now, min(SETTLE_MS, half_patience_ms))

    answered_at = run.asked_until(session)
    failed_for_ms = now - max(session.failed_at, answered_at)
    patience_ms = min(RECOVERY_MS, half_patience_ms)
    if session.next_prompt is not None:
        return _about_prompt(job, session, seen, failed_for_ms - 2 * patience_ms)

    if job.nudged:
        return _question(job, session, seen)

    if answered_at > session.failed_at or failed_for_ms >= patience_ms:
        return commands.Nudge(session.id)

    return None


def _about_prompt(job: JobState, session: Session, seen: SessionObservation, overdue_ms: int) -> Command | None:
    """The question about a program that takes no text below its error; None while its next prompt is not overdue."""
    if overdue_ms < 0:
        return None

    return _question(job, session, seen)


def works_again(session: Session, seen: SessionObservation) -> bool:
    """Whether an agent whose turn failed is at work, or has shown something else than its error since."""
    if session.failed_at is None or seen.state is AgentState.WORKING:
        return True

    return seen.state in READY and (seen.moved_at or 0) > session.failed_at


def _record(session: Session, seen: SessionObservation, now: Moment, settle_ms: int) -> Command | None:
    """The record of a failed turn; None while its error may be that of a turn before the last prompt."""
    if now - (session.prompted_at or session.started_at) < settle_ms:
        return None

    return commands.RecordFailedTurn(session.id, seen.failure or seen.evidence, seen.evidence)


def _question(job: JobState, session: Session, seen: SessionObservation) -> Command:
    """The escalation of an agent whose turn failed after its nudge, or that takes no text below its error."""
    name = job.spec.id
    tried, options = "It was nudged once in this attempt.", OPTIONS
    if session.next_prompt is not None:
        tried, options = "A prompt is due, but its program accepts no text.", OPTIONS[1:]

    return commands.Escalate(
        trigger=f"{FAILED_TURN}{name}:{job.attempt}",
        happened=f"The agent of {name} (session {session.id}) failed its turn: {session.failure}",
        tried=tried,
        evidence=seen.shown,
        decision=f"{_first_step(session)} Start it again (retry), stop {name}, or stop the run?",
        options=options,
        job=name,
        session=session.id,
    )


def _first_step(session: Session) -> str:
    """What most likely lets the same agent go on."""
    takes_text = session.next_prompt is None
    if SIGN_IN.search(session.failure):
        return _sign_in(session, takes_text)

    step = f"Look at its screen (gitorch peek {session.job})."
    if takes_text:
        step += " Let it go on once its service answers again (cleared)."

    return step


def _sign_in(session: Session, takes_text: bool) -> str:
    """How to sign in: in its terminal where the program then takes a text, otherwise before it is started again."""
    if not takes_text:
        return f"Sign in to {session.runtime} outside of gitorch."

    return f"Sign in to {session.runtime} (gitorch attach {session.job}), then let it go on (cleared)."
