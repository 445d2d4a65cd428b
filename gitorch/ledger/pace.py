"""How hosts that push to one branch give way to each other: who lost a race waits, and so does who won many in a row.

Without it, one of four hosts that wrote all the time won every race, and the others did their work in vain.
"""

from __future__ import annotations

import os
import time

STREAK_MAX = 6
"""After this many pushes without a pause between them, the others get a turn."""

TURN_PUSHES = 2.0
"""How long a turn is, in the time of a push: a host that lost a race must fetch, decide and push."""

WAIT_SECONDS = 4.0
"""The longest wait after a lost race: an append gives up after 30 seconds."""


class Pace:
    """The pushes of one process."""

    def __init__(self) -> None:
        self._push_seconds = 0.0
        self._begun = self._ended = 0.0
        self._won = self._lost = 0

    def begin(self) -> None:
        """Call it before a push. It waits after a streak."""
        if time.monotonic() - self._ended > self._push_seconds:
            self._won = 0
        if self._won >= STREAK_MAX:
            self._won = 0
            time.sleep(TURN_PUSHES * self._push_seconds)
        self._begun = time.monotonic()

    def end(self, is_pushed: bool) -> None:
        """Call it after a push. It waits after a second lost race in a row, for a time by chance.

        At most as long as four pushes, after three lost races nine, and after more sixteen, but never longer than `WAIT_SECONDS`.
        Who lost a single race tries again at once: its rival may have had no more to write.
        """
        self._ended = time.monotonic()
        took = self._ended - self._begun
        if is_pushed:
            self._push_seconds = took
            self._won, self._lost = self._won + 1, 0
            return

        self._push_seconds = max(self._push_seconds, took)  # one that is refused takes a third of the time
        self._won, self._lost = 0, self._lost + 1
        if self._lost == 1:
            return

        share = int.from_bytes(os.urandom(2), "big") / 65_536
        time.sleep(share * min(WAIT_SECONDS, self._push_seconds * min(16, self._lost**2)))
