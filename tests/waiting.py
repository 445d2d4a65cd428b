"""The one place in the tests that sleeps: waiting for a condition, with a limit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
LIMIT_SECONDS = 120.0
"""How long a test waits for what must come. It only costs where the test fails, and a busy machine takes twenty times as long."""


def until(
    condition: Callable[[], T], wait_seconds: float = LIMIT_SECONDS, every_seconds: float = 0.02, what: str = ""
) -> T:
    """Call `condition` until it returns a true value, and return that value; fail with the last value at the limit."""
    limit = time.monotonic() + wait_seconds
    while not (answer := condition()):
        assert time.monotonic() < limit, (
            f"waited {wait_seconds} s for {what or condition}; the last answer was {answer!r}"
        )
        time.sleep(every_seconds)
    return answer
