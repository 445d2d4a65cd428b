"""What aider 0.86 writes into its chat history: rounded numbers of tokens, and its own figure of the cost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitorch.model.work.usage import ModelUsage
from gitorch.text.usage.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

# Patterns are text: `re` compiles each at its first use, and most verbs read no such file.
BEGAN = r"^# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
MODEL = r"^> (?:Main model|Model): (\S+)"
TOKENS = r"^> Tokens: (.* received)\.(?: Cost: \$([\d.]+) message)?"
PART = r"([\d.]+)([kM]?) (sent|received|cache write|cache hit)"
UNITS = {"": 1, "k": 1_000, "M": 1_000_000}


def read_aider(history: str, since: str) -> Iterator[Served]:
    """The answers in a chat history, in its order; only those of chats that began at the local time `since` or later."""
    model, counts = "", False
    for place, line in enumerate(history.splitlines()):
        began = re.match(BEGAN, line)
        if began is not None:
            counts = began[1] >= since

        named = re.match(MODEL, line)
        if named is not None:
            model = named[1]

        tokens = re.match(TOKENS, line)
        if tokens is not None and counts:
            yield Served(str(place), _usage(model, tokens[1], tokens[2] or "0"))


def _usage(model: str, parts: str, cost: str) -> ModelUsage:
    """The numbers of one line: `2.4k sent, 1.1k cache hit, 120 received`. What the cache holds was sent, too."""
    counts = dict.fromkeys(("sent", "received", "cache write", "cache hit"), 0)
    for amount, unit, what in re.findall(PART, parts):
        counts[what] = round(_number(amount) * UNITS[unit])

    cached, written = counts["cache hit"], counts["cache write"]
    fresh = max(0, counts["sent"] - cached - written)
    micros = round(_number(cost) * 1_000_000)
    return ModelUsage(
        model=model,
        input=fresh,
        cached=cached,
        cache_write=written,
        output=counts["received"],
        requests=1,
        cost_micros=micros,
    )


def _number(text: str) -> float:
    """A decimal number of ordinary length; 0 for anything else."""
    if len(text) > 12 or text.count(".") > 1 or text == ".":
        return 0.0

    return float(text)
