"""Costs are estimated by the user's own list of prices, and what has no price is said."""

from __future__ import annotations

import pytest

from gitorch.errors import Malformed
from gitorch.model.plans.prices import Price, PriceList
from gitorch.model.work.usage import ModelUsage
from gitorch.rules.usage.prices import estimated_micros, unpriced_tokens
from gitorch.text.config_file import parse_config

LIST = """\
prices:
  dated: 2026-11-29
  currency: EUR
  per_million:
    opus: {input: 5, cached: 0.5, cache_write: 6.25, output: 25}
"""
USED = ModelUsage("opus", input=1_000_000, cached=2_000_000, cache_write=400_000, output=100_000, reasoning=50_000)


def test_a_list_of_prices_is_read_and_estimates_what_was_used():
    prices = parse_config("gitorch.yaml", LIST.encode()).prices
    assert prices == PriceList("2026-11-29", "EUR", {"opus": Price(5.0, 0.5, 6.25, 25.0)})
    assert estimated_micros(prices, USED) == 5_000_000 + 1_000_000 + 2_500_000 + 2_500_000, "reasoning is in the output"
    assert unpriced_tokens(prices, USED) == 0
    other = ModelUsage("haiku", input=7, cached=5)
    assert (estimated_micros(prices, other), unpriced_tokens(prices, other)) == (0, 12)
    assert unpriced_tokens(PriceList(), other) == 0, "nobody asked for an estimate"


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("  dated: 2026-11-29\n", "", "prices.dated"),
        ("input: 5", "input: -1", "prices.per_million.opus.input"),
        ("input: 5", 'input: "5"', "prices.per_million.opus.input"),
        ("input: 5", "input: true", "prices.per_million.opus.input"),
        ("input: 5", "input: .inf", "prices.per_million.opus.input"),
        ("input: 5", "input: .nan", "prices.per_million.opus.input"),
        ("input: 5", "inputs: 5", "inputs"),
    ],
)
def test_a_list_that_cannot_be_used_is_named_with_its_place(before, after, fault):
    with pytest.raises(Malformed) as raised:
        parse_config("gitorch.yaml", LIST.replace(before, after).encode())
    assert fault in raised.value.problems[0].message + str(raised.value.problems)
