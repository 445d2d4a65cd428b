"""A user's own list of prices of models, from which costs are estimated. gitorch ships none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Mapping


class Price(Value):
    """What a million tokens of one model cost, in units of the list's currency."""

    input: float = 0.0
    """Tokens that no cache held."""
    cached: float = 0.0
    cache_write: float = 0.0
    output: float = 0.0


class PriceList(Value):
    """Prices by the name of the model, as programs name it."""

    dated: str = ""
    """The day of which the prices are, as the user wrote it."""
    currency: str = "USD"
    per_million: Mapping[str, Price] = field(default_factory=dict)
