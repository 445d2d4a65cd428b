"""The usage that a control channel tells, as an answer of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.work.usage import ModelUsage
from gitorch.text.usage.served import Served, micros, number, word

if TYPE_CHECKING:
    from gitorch.model.channel import TokenUsage


def served_of(answer: TokenUsage) -> Served:
    """The answer by its id."""
    usage = ModelUsage(
        model=word(answer.model),
        input=number(answer.input),
        cached=number(answer.cached),
        cache_write=number(answer.cache_write),
        output=number(answer.output),
        reasoning=number(answer.reasoning),
        requests=min(answer.requests, answer.input + answer.cached + answer.cache_write + answer.output),
        cost_micros=micros(answer.cost_usd),
    )
    return Served(answer.id, usage)
