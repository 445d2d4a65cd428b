"""How the time of something grows with its size: a ratio within one run, so that a slow or busy machine does not matter."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 2


def growth(act: Callable[[int], object], small: int, large: int) -> float:
    """How many times as long the large one takes, of the processor's time; the better of two tries of each."""
    return _seconds(act, large) / _seconds(act, small)


def _seconds(act: Callable[[int], object], number: int) -> float:
    took = []
    for _ in range(TRIES):
        began = time.process_time()
        act(number)
        took.append(time.process_time() - began)
    return min(took)
