"""The only place that reads a clock."""

from __future__ import annotations

import time

from gitorch.model.ids import Moment


class SystemClock:
    """The machine's own time, in UTC."""

    def now(self) -> Moment:
        """Milliseconds since 1970; may step when the machine's clock is set."""
        return Moment(time.time_ns() // 1_000_000)

    def sleep(self, seconds: float) -> None:
        """Wait at least this long."""
        time.sleep(seconds)
