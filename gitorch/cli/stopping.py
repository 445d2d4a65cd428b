"""Signals that ask `gitorch up` to stop: it stops between two ticks."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Self

from gitorch.cli.boundary import HUNG_UP, TERMINATED
from gitorch.cli.interruption import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

STATUSES = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, signal.SIGHUP: HUNG_UP}


class Stopping:
    """True once a signal asked to stop. The first signal lets the tick end; a second Ctrl-C interrupts it."""

    def __init__(self) -> None:
        self.by: signal.Signals | None = None
        self.then: Callable[[signal.Signals], None] | None = None
        """What else to do when a signal has come."""
        self._before: dict[signal.Signals, object] = {}

    def __call__(self) -> bool:
        """Whether a signal has come."""
        return self.by is not None

    def __enter__(self) -> Self:
        """Catch the signals of `STATUSES`, except a hang-up that the caller ignores, as under nohup."""
        for number in STATUSES:
            before = signal.getsignal(number)
            if number is signal.SIGHUP and before is signal.SIG_IGN:
                continue

            self._before[number] = signal.signal(number, self._caught)

        return self

    def __exit__(self, *_: object) -> None:
        """Restore the handlers."""
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # what signal.signal gave, it takes

    def _caught(self, number: int, _: FrameType | None) -> None:
        if self.by is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt

        self.by = signal.Signals(number)
        if self.then is not None:
            self.then(self.by)
