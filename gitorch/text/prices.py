"""The section `prices` of the configuration: the user's own list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.prices import Price, PriceList

if TYPE_CHECKING:
    from gitorch.text.fields import Form

PRICE_MAX = 1_000_000


def read_prices(top: Form) -> PriceList:
    """The list of prices. A list without its day is a complaint, since prices change."""
    form = top.form("prices")
    per_million: dict[str, Price] = {}
    for model, row in form.forms("per_million").items():
        per_million[model] = _price(row)

    dated = form.word("dated", required=bool(per_million))
    prices = PriceList(dated, form.text("currency", PriceList().currency), per_million)
    form.done()
    return prices


def _price(form: Form) -> Price:
    """The price of one model."""
    price = Price(
        input=_amount(form, "input"),
        cached=_amount(form, "cached"),
        cache_write=_amount(form, "cache_write"),
        output=_amount(form, "output"),
    )
    form.done()
    return price


def _amount(form: Form, name: str) -> float:
    """A number that may have a fraction; 0 where it is missing."""
    value = form.get(name)
    if value is None:
        return 0.0

    amount = value.data
    if isinstance(amount, int | float) and not isinstance(amount, bool) and 0 <= amount <= PRICE_MAX:
        return float(amount)

    form.complain(name, f"must be a number from 0 to {PRICE_MAX}.", f"For example: {name}: 2.5")
    return 0.0
