"""Usage limits of the programs: an agent waits until the time that it was given, or for a growing while, and is then nudged (C11)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment
from gitorch.model.observed import READY, AgentState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.observed import SessionObservation
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

FIRST_WAIT_MS = 300_000
LONGEST_WAIT_MS = 3_600_000
"""How long an agent waits at most before it is nudged, where nobody says when its limit ends."""

SETTLE_MS = 60_000
"""For how long after a nudge an old sign of a limit may still be there, and how far two times of one reset may differ."""


NAMED_MAX_MS = 40 * 86_400_000
"""An end farther away is a mistake, or was made up: no program has a limit that lasts more than a month."""


def limit_commands(session: Session, seen: SessionObservation, now: Moment, *, at_work: bool) -> Iterator[Command]:
    """The record of a usage limit that a session has reached, once for each limit.

    Of an agent that should be at work also that of a limit which nobody saw before its end.
    """
    from gitorch.model.commands import RecordLimit  # noqa: PLC0415  # 2 ms that verbs that read do not pay

    if not _shows_limit(seen, now, at_work=at_work) or _is_known(session, seen, now):
        return

    named = _named_end(seen, now)
    until = named
    if until is None:
        until = Moment(now + wait_ms(session.limits))

    yield RecordLimit(session=session.id, until=until, named=named is not None, evidence=seen.evidence)


def _shows_limit(seen: SessionObservation, now: Moment, *, at_work: bool) -> bool:
    """Whether a program shows a usage limit, or stands at its prompt below one that has ended while it should be at work."""
    if seen.state is AgentState.LIMITED:
        return True

    return at_work and seen.state in READY and seen.resets_at is not None and seen.resets_at < now


def _named_end(seen: SessionObservation, now: Moment) -> Moment | None:
    """When the limit ends, as the program names it; None where it names no time, or one that no limit has."""
    if seen.resets_at is None or not 0 <= seen.resets_at <= now + NAMED_MAX_MS:
        return None

    return seen.resets_at


def _is_known(session: Session, seen: SessionObservation, now: Moment) -> bool:
    """Whether this limit is recorded already, or is only the old sign of one that is over."""
    named = _named_end(seen, now)
    if session.limited_until is None:
        return _was_nudged(session, named or now, now)

    if named is None:
        return True

    return abs(named - session.limited_until) < SETTLE_MS


def _was_nudged(session: Session, ended: Moment, now: Moment) -> bool:
    """Whether the nudge after a limit is on its way, came a moment ago, or came after the end of this limit."""
    if session.resumed_at is None:
        return False

    if session.next_prompt is not None:
        return True

    return session.resumed_at > min(ended, now - SETTLE_MS)


def wait_ms(limits: int) -> int:
    """How long to wait after so many limits of one session, where nobody says when the next one ends."""
    growing: int = FIRST_WAIT_MS * 2 ** min(limits, 10)
    return min(growing, LONGEST_WAIT_MS)


def is_over(session: Session, seen: SessionObservation, now: Moment) -> bool:
    """Whether the limit that a session waited for is over, so that its agent may be nudged. One that works needs no nudge."""
    if session.limited_until is None or seen.state is AgentState.WORKING:
        return False

    return now >= session.limited_until


def limited_sessions(run: Run) -> Iterator[Session]:
    """The sessions that wait for the end of a limit."""
    for session in run.living_sessions:
        if session.limited_until is not None:
            yield session


def limit_words(session: Session) -> str:
    """What a session waits for, as a predicate: `has reached the usage limit of claude and goes on at 15:00 UTC`."""
    at = minute_of(Moment(session.limited_until or 0))
    return f"has reached the usage limit of {session.runtime} and goes on at {at}"


def minute_of(at: Moment) -> str:
    """A moment as people read it in a sentence: `2026-11-20 15:00 UTC`."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
