"""What Claude Code tells the command of its status line: the cost so far, and the model."""

from __future__ import annotations

import json
import math

from gitorch.model.values import Value
from gitorch.text.usage.served import COUNT_MAX, word


class StatusLine(Value):
    """One text for the status line, as far as usage goes."""

    model: str
    """The model by its id."""
    cost_usd: float
    """What the conversation has cost, by the program's own list of prices."""


def read_status_line(text: str) -> StatusLine | None:
    """The model and the cost that a text names; None for one that names no cost, whoever wrote it."""
    try:
        value = json.loads(text)
        cost = float(value["cost"]["total_cost_usd"])
        model = value["model"]["id"]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None

    if not math.isfinite(cost) or not 0 <= cost < COUNT_MAX:
        return None

    return StatusLine(word(model), cost)
