"""What Claude Code tells the command of its status line: the cost so far, the model, and how far the account's limits are used up."""

from __future__ import annotations

import json
import math

from gitorch.model.channel import UsageLimit
from gitorch.model.ids import Moment
from gitorch.model.values import Value
from gitorch.text.usage.served import COUNT_MAX, number, word

WINDOWS = ("five_hour", "seven_day")
"""The limits that a subscription has. With an API key Claude Code 2.1.197 tells none."""


PERCENT_MAX = 1_000.0
"""What is paid for beyond a limit may take it above 100."""


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


def read_limits(text: str) -> tuple[UsageLimit, ...]:
    """The limits that a text names, without those that make no sense; none for any other text, whoever wrote it."""
    found: list[UsageLimit] = []
    for name in WINDOWS:
        try:
            window = json.loads(text)["rate_limits"][name]
            percent = float(window["used_percentage"])
            resets = number(window.get("resets_at"))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            continue

        if not 0 <= percent <= PERCENT_MAX:
            continue

        end = None
        if resets:
            end = Moment(resets * 1000)

        found.append(UsageLimit(name, percent, end))

    return tuple(found)
