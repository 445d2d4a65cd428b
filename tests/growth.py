"""Measures how the time of an operation grows with its size, as a ratio within one run, which does not depend on the machine's speed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 2


def growth(act: Callable[[int], object], small: int, large: int) -> float:
    """The CPU time of the large one divided by that of the small one; the better of two tries of each."""
    return _seconds(act, large) / _seconds(act, small)


def _seconds(act: Callable[[int], object], number: int) -> float:
    took = []
    for _ in range(TRIES):
        began = time.process_time()
        act(number)
        took.append(time.process_time() - began)
    return min(took)
