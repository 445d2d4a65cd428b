"""How often something happened within the last minute, counted in slices that expire one by one."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.ids import Moment

MINUTE_MS = 60_000
SLICES_MAX = 600


class RateMeter:
    """Counts of the last minute. It keeps at most `SLICES_MAX` of them, so that a storm of events costs no memory."""

    def __init__(self) -> None:
        self._slices: deque[tuple[Moment, int]] = deque(maxlen=SLICES_MAX)

    def add(self, at: Moment, times: int) -> None:
        """Count `times` occurrences at this moment, which must not be earlier than the last one.

        When there are `SLICES_MAX` counts, the oldest is dropped, and the result becomes too low.
        """
        if times:
            self._slices.append((at, times))

    def within_a_minute(self, now: Moment) -> int:
        """The number of occurrences in the minute before `now`; older ones are forgotten for good."""
        earliest = now - MINUTE_MS
        while self._slices and self._slices[0][0] < earliest:
            self._slices.popleft()

        total = 0
        for _, times in self._slices:
            total += times

        return total
