"""Find when a usage limit ends: as the program tells its limits, or in what it prints, a time of day or a time span (T20)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.ids import Moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.channel import UsageLimit

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
UNITS_MS = {"d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": 1_000}

# Patterns are text: `re` compiles each at its first use, and most verbs see no screen with a limit.
CLOCK = (
    r"(?i)(?:resets?|try again|again|available|until|back)\b[^\n]{0,30}?\b"
    r"(?P<hour12>\d{1,2})(?::(?P<minute12>\d\d))?\s*(?P<half>[ap])\.?m\b\.?(?:\s*\(?(?P<utc12>UTC|GMT)\b)?"
    r"|(?:resets?|try again|again|available|until|back)\b[^\n]{0,30}?\b"
    r"(?P<hour24>\d{1,2}):(?P<minute24>\d\d)\b(?:\s*\(?(?P<utc24>UTC|GMT)\b)?"
)
"""A time of day on a 12-hour or a 24-hour clock: `resets 3pm`, `try again at 15:00 (UTC)`."""

SPAN = r"(?i)(?:resets?|try again|again|retry|wait)\b[^\n\d]{0,20}((?:\d{1,9}(?:\.\d+)?\s*(?:d|h|m|s)[a-z]*[\s,]*(?:and\s+)?)+)"
"""A time span: `try again in 3 hours 20 minutes`, `retry in 34.07s`."""

SPAN_PART = r"(?i)(\d+(?:\.\d+)?)\s*([dhms])"


USED_UP = 100.0


def last_end(limits: Sequence[UsageLimit]) -> Moment | None:
    """When the last of the limits that are used up ends; None where none of them is, or its end is not known."""
    ends = [one.resets_at for one in limits if one.used_percent >= USED_UP and one.resets_at is not None]
    return max(ends, default=None)


def resets_at(text: str, printed_at: Moment, offset_minutes: int) -> Moment | None:
    """The moment that the last sentence about a reset names; None when the text names none.

    A time of day means its next occurrence after `printed_at`, or in that very minute the minute's end, on a clock `offset_minutes`
    ahead of UTC unless the text says UTC or GMT. A time span counts from `printed_at`.
    """
    spans = list(re.finditer(SPAN, text))
    clocks = list(re.finditer(CLOCK, text))
    if spans and (not clocks or spans[-1].start() >= clocks[-1].start()):
        return Moment(printed_at + _milliseconds(spans[-1][1]))

    if clocks:
        return _next_occurrence(clocks[-1], printed_at, offset_minutes)

    return None


def _milliseconds(span: str) -> int:
    """The length of a time span such as `3 hours 20 minutes`, in milliseconds."""
    total = 0
    for number, unit in re.findall(SPAN_PART, span):
        total += int(float(number) * UNITS_MS[unit.lower()])

    return total


def _next_occurrence(found: re.Match[str], printed_at: Moment, offset_minutes: int) -> Moment | None:
    """The first moment after `printed_at` at which the clock shows this time; if it shows it then, the end of that minute.

    None for a time that no clock shows, such as 25:00.
    """
    hour, minute = _time_of_day(found)
    if hour > 23 or minute > 59:
        return None

    ahead = _ahead_of_utc(found, offset_minutes)

    local = printed_at + ahead
    midnight = local - local % DAY_MS
    occurrence = midnight + hour * HOUR_MS + minute * MINUTE_MS
    if occurrence <= local - MINUTE_MS:
        occurrence += DAY_MS
    elif occurrence <= local:
        occurrence += MINUTE_MS

    return Moment(occurrence - ahead)


def _ahead_of_utc(found: re.Match[str], offset_minutes: int) -> int:
    """How far the clock that is shown is ahead of UTC, in milliseconds."""
    if _is_utc(found):
        return 0
    return offset_minutes * MINUTE_MS


def _is_utc(found: re.Match[str]) -> bool:
    """Whether the text itself says that its time of day is UTC."""
    return bool(found["utc12"] or found["utc24"])


def _time_of_day(found: re.Match[str]) -> tuple[int, int]:
    """The hour and minute of a match, on a 24-hour clock.

    On a 12-hour clock, 12 am is midnight and 12 pm is noon.
    """
    if not found["half"]:
        return int(found["hour24"]), int(found["minute24"])

    hour = int(found["hour12"]) % 12
    if found["half"].lower() == "p":
        hour += 12

    return hour, int(found["minute12"] or 0)
