"""What usage would cost by a list of prices: an estimate, which no budget counts (C10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitorch.model.plans.prices import PriceList
    from gitorch.model.work.usage import ModelUsage


def estimated_micros(prices: PriceList, usage: ModelUsage) -> int:
    """The estimate in millionths of the list's currency; 0 for a model that the list does not have."""
    price = prices.per_million.get(usage.model)
    if price is None:
        return 0

    read = usage.input * price.input + usage.cached * price.cached
    written = usage.cache_write * price.cache_write + usage.output * price.output
    return round(read + written)


def unpriced_tokens(prices: PriceList, usage: ModelUsage) -> int:
    """The tokens of a model that the list does not have; none without a list."""
    if not prices.per_million or usage.model in prices.per_million:
        return 0

    return usage.tokens
