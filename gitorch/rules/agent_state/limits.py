"""When a usage limit ends, read from how the programs say it: a time of day, a span, or a date (T20)."""

from __future__ import annotations

import re

from gitorch.model.ids import Moment

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
SPANS = {"d": DAY_MS, "h": HOUR_MS, "m": 60_000, "s": 1_000}

CLOCK = re.compile(
    r"(?:resets?|reset|try again|again|available|until|back)\b[^\n]{0,30}?\b(\d{1,2})(?::(\d\d))?\s*([ap])\.?m\b\.?(?:\s*\(?(UTC|GMT)\b)?"
    r"|(?:resets?|try again|again|available|until|back)\b[^\n]{0,30}?\b(\d{1,2}):(\d\d)\b(?:\s*\(?(UTC|GMT)\b)?",
    re.IGNORECASE,
)
SPAN = re.compile(
    r"(?:resets?|try again|again|retry|wait)\b[^\n\d]{0,20}((?:\d+\s*(?:d|h|m|s)[a-z]*[\s,]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
ONE = re.compile(r"(\d+)\s*([dhms])", re.IGNORECASE)


def resets_at(text: str, said_at: Moment, offset_minutes: int) -> Moment | None:
    """The moment that the last such sentence in a text names, as said at `said_at` where clocks are that far ahead of UTC.

    A time of day means the next such time; `in 3 hours 20 minutes` counts from when it was said. None where nothing is named.
    """
    spans = list(SPAN.finditer(text))
    clocks = list(CLOCK.finditer(text))
    if spans and (not clocks or spans[-1].start() >= clocks[-1].start()):
        parts = ONE.findall(spans[-1][1])
        return Moment(said_at + sum(int(number) * SPANS[unit.lower()] for number, unit in parts))
    return _next_time(clocks[-1], said_at, offset_minutes) if clocks else None


def _next_time(found: re.Match[str], said_at: Moment, offset_minutes: int) -> Moment | None:
    hour, minute = int(found[1] or found[5]), int(found[2] or found[6] or 0)
    if found[3]:
        hour = hour % 12 + (12 if found[3].lower() == "p" else 0)
    if hour > 23 or minute > 59:
        return None
    ahead = 0 if found[4] or found[7] else offset_minutes * 60_000
    local = said_at + ahead
    then = local - local % DAY_MS + hour * HOUR_MS + minute * 60_000
    return Moment((then if then > local else then + DAY_MS) - ahead)
